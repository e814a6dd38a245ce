/** New content that the generator writes: a lesson, a quiz or an activity, from a few wishes. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../../api/client'
import { idempotencyKeys, notNumbers, toNumber } from '../../../api/forms'
import { invalidFields } from '../../../api/problem'
import { Button } from '../../../ui/button'
import { RadioInput, TextInput } from '../../../ui/fields'
import { FormError } from '../../../ui/form-error'
import { notify } from '../../../ui/notices'
import { useForm } from '../../../ui/use-form'
import { objectivesOf } from '../../generate/shown-key'
import { gameKeys } from '../queries'
import { KINDS } from './states'

const SHOWN = ['/subject', '/topic', '/grade_level', '/learning_objectives', '/text']

type Kind = 'lesson' | 'quiz' | 'activity'

const OPTIONS: { value: Kind; label: string; hint?: string }[] = [
  { value: 'lesson', label: KINDS.lesson },
  {
    value: 'quiz',
    label: KINDS.quiz,
    hint: 'also becomes a draft of your quizzes; no game gets its answers',
  },
  { value: 'activity', label: KINDS.activity },
]

export function GenerateForm({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const [kind, setKind] = useState<Kind>('lesson')
  const [subject, setSubject] = useState('Mathematics')
  const [topic, setTopic] = useState('')
  const [grade, setGrade] = useState('5')
  const [objectives, setObjectives] = useState('')
  const [text, setText] = useState('')
  const [keyFor] = useState(idempotencyKeys)
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const notNumeric = notNumbers([['/grade_level', grade]])
    if (notNumeric.length > 0) throw invalidFields(notNumeric)
    const body = {
      kind,
      subject: subject.trim(),
      ...(topic.trim() && { topic: topic.trim() }),
      grade_level: toNumber(grade),
      learning_objectives: objectivesOf(objectives),
      ...(text.trim() && { text: text.trim() }),
    }
    const params = { header: { 'Idempotency-Key': keyFor(body) } }
    const made = await unwrap(api.POST('/api/v1/roblox/content/generate', { params, body }))
    await client.invalidateQueries({ queryKey: gameKeys.content })
    notify(`${made.title} is being generated.`)
    onClose()
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <RadioInput
        label="What it shall be"
        value={kind}
        onChange={(value) => setKind(OPTIONS.find((option) => option.value === value)?.value ?? 'lesson')}
        options={OPTIONS}
      />
      <div className="field-grid">
        <TextInput
          label="Subject"
          value={subject}
          onChange={setSubject}
          error={errors.at('/subject')}
          isRequired
        />
        <TextInput
          label="Grade"
          inputMode="numeric"
          value={grade}
          onChange={setGrade}
          error={errors.at('/grade_level')}
          isRequired
        />
      </div>
      <TextInput label="Topic" value={topic} onChange={setTopic} error={errors.at('/topic')} />
      <TextInput
        label="Objectives"
        hint="One a line, such as “Add fractions with unlike denominators”"
        value={objectives}
        onChange={setObjectives}
        error={errors.at('/learning_objectives')}
        isMultiline
      />
      <TextInput
        label="Text"
        hint="Questions are made from it. Needed for a quiz in every subject but mathematics."
        value={text}
        onChange={setText}
        error={errors.at('/text')}
        isMultiline
      />
      <FormError error={error} shown={SHOWN} />
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Generate
        </Button>
      </div>
    </form>
  )
}
