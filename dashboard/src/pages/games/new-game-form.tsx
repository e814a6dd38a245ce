/** A new game: what it is about and who plays it. The rest can wait. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { idempotencyKeys, notNumbers, toNumber } from '../../api/forms'
import { invalidFields } from '../../api/problem'
import type { Game } from '../../api/types'
import { Button } from '../../ui/button'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { useForm } from '../../ui/use-form'
import { ClassSelect } from './class-select'
import { gameKeys } from './queries'

const SHOWN = ['/title', '/subject', '/grade_level', '/class_id']

export interface NewGameFormProps {
  onClose: () => void
  onMade: (game: Game) => void
}

export function NewGameForm({ onClose, onMade }: NewGameFormProps) {
  const client = useQueryClient()
  const [title, setTitle] = useState('')
  const [subject, setSubject] = useState('')
  const [grade, setGrade] = useState('')
  const [classId, setClassId] = useState('')
  const [keyFor] = useState(idempotencyKeys)
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const notNumeric = notNumbers([['/grade_level', grade]])
    if (notNumeric.length > 0) throw invalidFields(notNumeric)
    const body = {
      title: title.trim(),
      subject: subject.trim(),
      grade_level: toNumber(grade),
      ...(classId && { class_id: classId }),
    }
    const params = { header: { 'Idempotency-Key': keyFor(body) } }
    const made = await unwrap(api.POST('/api/v1/roblox/games', { params, body }))
    await client.invalidateQueries({ queryKey: gameKeys.games })
    onClose()
    onMade(made)
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <TextInput
        label="Title"
        value={title}
        onChange={setTitle}
        error={errors.at('/title')}
        autoFocus
        isRequired
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
      <ClassSelect value={classId} onChange={setClassId} error={errors.at('/class_id')} isRequired={false} />
      <FormError error={error} shown={SHOWN} />
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Make the game
        </Button>
      </div>
    </form>
  )
}
