/** What the quiz shall be about. Another try with the same wishes gets another seed, so that it brings something new. */
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { notNumbers, toNumber } from '../../api/forms'
import { invalidFields } from '../../api/problem'
import type { Generated } from '../../api/types'
import { Button } from '../../ui/button'
import { SelectInput, TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { useForm } from '../../ui/use-form'
import { objectivesOf } from './shown-key'

const SHOWN = [
  '/subject',
  '/topic',
  '/grade_level',
  '/learning_objectives',
  '/difficulty',
  '/num_questions',
  '/text',
]

/** Chance enough for another quiz. */
const SEEDS = 2 ** 31

const DIFFICULTIES = [
  { value: 'easy', label: 'Easy' },
  { value: 'medium', label: 'Medium' },
  { value: 'hard', label: 'Hard' },
  { value: 'expert', label: 'Expert' },
]

export interface BriefFormProps {
  /** Something was generated already: the next one shall be another. */
  isAgain: boolean
  onDraft: (draft: Generated) => void
}

export function BriefForm({ isAgain, onDraft }: BriefFormProps) {
  const [subject, setSubject] = useState('Mathematics')
  const [topic, setTopic] = useState('')
  const [grade, setGrade] = useState('5')
  const [objectives, setObjectives] = useState('')
  const [difficulty, setDifficulty] = useState('medium')
  const [count, setCount] = useState('5')
  const [text, setText] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const notNumeric = notNumbers([
      ['/grade_level', grade],
      ['/num_questions', count],
    ])
    if (notNumeric.length > 0) throw invalidFields(notNumeric)
    const body = {
      kind: 'quiz' as const,
      subject: subject.trim(),
      ...(topic.trim() && { topic: topic.trim() }),
      grade_level: toNumber(grade),
      learning_objectives: objectivesOf(objectives),
      difficulty,
      num_questions: toNumber(count),
      ...(text.trim() && { text: text.trim() }),
      ...(isAgain && { seed: Math.floor(Math.random() * SEEDS) }),
    }
    onDraft(await unwrap(api.POST('/api/v1/content/generate', { body })))
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <div className="field-grid">
        <TextInput
          label="Subject"
          value={subject}
          onChange={setSubject}
          error={errors.at('/subject')}
          isRequired
        />
        <TextInput label="Topic" value={topic} onChange={setTopic} error={errors.at('/topic')} />
      </div>
      <div className="field-grid">
        <TextInput
          label="Grade"
          inputMode="numeric"
          value={grade}
          onChange={setGrade}
          error={errors.at('/grade_level')}
          isRequired
        />
        <TextInput
          label="Questions"
          inputMode="numeric"
          value={count}
          onChange={setCount}
          error={errors.at('/num_questions')}
          isRequired
        />
        <SelectInput
          label="Difficulty"
          value={difficulty}
          onChange={setDifficulty}
          options={DIFFICULTIES}
          error={errors.at('/difficulty')}
        />
      </div>
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
        hint="Questions are made from it. Needed for every subject but mathematics."
        value={text}
        onChange={setText}
        error={errors.at('/text')}
        isMultiline
      />
      <FormError error={error} shown={SHOWN} />
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          {isAgain ? 'Generate another' : 'Generate'}
        </Button>
      </div>
    </form>
  )
}
