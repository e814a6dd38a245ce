/** Making a class and changing one: the same few fields. */
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, unwrap } from '../api/client'
import { fieldErrors, idempotencyKeys, notNumbers, toNumber } from '../api/forms'
import { explain, invalidFields } from '../api/problem'
import { refreshClass } from '../api/queries'
import type { JoinPolicy, SchoolClass } from '../api/types'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { RadioInput, TextInput } from '../ui/fields'

export interface ClassDialogProps {
  isOpen: boolean
  onClose: () => void
  /** The class to change; absent when a new one is made. */
  existing?: SchoolClass
  onSaved?: (saved: SchoolClass) => void
}

/** The dialog; its fields start afresh each time it opens. */
export function ClassDialog(props: ClassDialogProps) {
  const title = props.existing ? 'Edit class' : 'New class'
  return (
    <Dialog title={title} isOpen={props.isOpen} onClose={props.onClose}>
      <ClassForm {...props} />
    </Dialog>
  )
}

const DEFAULT_CAPACITY = 30

function ClassForm({ existing, onClose, onSaved }: ClassDialogProps) {
  const client = useQueryClient()
  const [name, setName] = useState(existing?.name ?? '')
  const [subject, setSubject] = useState(existing?.subject ?? '')
  const [grade, setGrade] = useState(String(existing?.grade_level ?? ''))
  const [capacity, setCapacity] = useState(String(existing?.capacity ?? DEFAULT_CAPACITY))
  const [policy, setPolicy] = useState<JoinPolicy>(existing?.join_policy ?? 'open')
  const [keyFor] = useState(idempotencyKeys)
  const [error, setError] = useState<unknown>(null)
  const [isPending, setPending] = useState(false)
  const errors = fieldErrors(error)

  const save = () => {
    const notNumeric = notNumbers([
      ['/grade_level', grade],
      ['/capacity', capacity],
    ])
    if (notNumeric.length > 0) throw invalidFields(notNumeric)
    const body = {
      name: name.trim(),
      subject: subject.trim(),
      grade_level: toNumber(grade),
      capacity: toNumber(capacity),
      join_policy: policy,
    }
    if (existing)
      return unwrap(
        api.PATCH('/api/v1/classes/{class_id}', { params: { path: { class_id: existing.id } }, body }),
      )
    const params = { header: { 'Idempotency-Key': keyFor(body) } }
    return unwrap(api.POST('/api/v1/classes', { params, body }))
  }

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isPending) return
    setPending(true)
    try {
      const saved = await save()
      refreshClass(client, saved.id)
      onClose()
      onSaved?.(saved)
    } catch (cause) {
      setError(cause)
      setPending(false)
    }
  }

  return (
    <form className="stack" onSubmit={(event) => void submit(event)} noValidate>
      <TextInput
        label="Name"
        value={name}
        onChange={setName}
        error={errors.at('/name')}
        autoFocus
        isRequired
      />
      <TextInput
        label="Subject"
        value={subject}
        onChange={setSubject}
        error={errors.at('/subject')}
        isRequired
      />
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
          label="Seats"
          inputMode="numeric"
          value={capacity}
          onChange={setCapacity}
          error={errors.at('/capacity')}
          isRequired
        />
      </div>
      <RadioInput
        label="Who may join with the code"
        value={policy}
        onChange={(value) => setPolicy(value === 'approval' ? 'approval' : 'open')}
        options={[
          { value: 'open', label: 'Everybody', hint: 'they are in at once' },
          { value: 'approval', label: 'Those you approve', hint: 'they wait until you let them in' },
        ]}
      />
      {error !== null && (
        <p className="field-error" role="alert">
          {errors.isEmpty ? explain(error) : 'Please correct the marked fields.'}
          {errors.others(['/name', '/subject', '/grade_level', '/capacity']).map((other) => (
            <span key={other.pointer}> {other.detail}</span>
          ))}
        </p>
      )}
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          {existing ? 'Save' : 'Make the class'}
        </Button>
      </div>
    </form>
  )
}
