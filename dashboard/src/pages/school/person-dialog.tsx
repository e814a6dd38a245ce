/** What an admin may do with a person: change the role, suspend with a reason, restore, remove. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import type { Member, Role } from '../../api/types'
import { Button } from '../../ui/button'
import { When } from '../../ui/dates'
import { ConfirmButton, Dialog } from '../../ui/dialog'
import { RadioInput, TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { notify } from '../../ui/notices'
import { useForm } from '../../ui/use-form'
import { ROLE_NAMES } from '../account/profile'
import { schoolKeys } from './queries'

/** The dialog; nothing is open without a person. */
export function PersonDialog({ person, onClose }: { person: Member | null; onClose: () => void }) {
  return (
    <Dialog title={person?.display_name ?? ''} isOpen={person !== null} onClose={onClose}>
      {person && <Person person={person} onClose={onClose} />}
    </Dialog>
  )
}

function Person({ person, onClose }: { person: Member; onClose: () => void }) {
  const client = useQueryClient()
  const params = { path: { user_id: person.id } }
  const done = async (said: string) => {
    await client.invalidateQueries({ queryKey: schoolKeys.people })
    notify(said)
  }
  const restore = async () => {
    await unwrap(api.POST('/api/v1/users/{user_id}/restore', { params }))
    await done(`${person.display_name} may sign in again.`)
    onClose()
  }
  const remove = async () => {
    await unwrap(api.DELETE('/api/v1/users/{user_id}', { params }))
    await done('The person was removed.')
    onClose()
  }
  return (
    <>
      <p className="muted break">
        {person.email} · since <When at={person.created_at} isDate />
      </p>
      <RoleForm key={person.role} person={person} onDone={done} />
      {person.state === 'suspended' ? (
        <div className="part">
          <p>Suspended: every sign-in is refused.</p>
          <ConfirmButton
            title={`Restore ${person.display_name}?`}
            consequence="They may sign in again and find everything as it was."
            confirmLabel="Restore"
            onConfirm={restore}
          >
            Restore
          </ConfirmButton>
        </div>
      ) : (
        <SuspendForm person={person} onDone={done} />
      )}
      <div className="part">
        <ConfirmButton
          variant="danger"
          title={`Remove ${person.display_name} for good?`}
          consequence="Their name and e-mail address are erased, and they are out at once. Their classes and quizzes stay with the school. This cannot be undone."
          confirmLabel="Remove for good"
          onConfirm={remove}
        >
          Remove from the school
        </ConfirmButton>
      </div>
      <div className="dialog-actions">
        <Button onPress={onClose}>Close</Button>
      </div>
    </>
  )
}

interface PartProps {
  person: Member
  onDone: (said: string) => Promise<void>
}

function RoleForm({ person, onDone }: PartProps) {
  const [role, setRole] = useState<Role>(person.role)
  const { isPending, error, onSubmit } = useForm(async () => {
    const params = { path: { user_id: person.id } }
    await unwrap(api.PATCH('/api/v1/users/{user_id}', { params, body: { role } }))
    await onDone(`${person.display_name} is now ${ROLE_NAMES[role].toLowerCase()}.`)
  })
  return (
    <form className="part" onSubmit={onSubmit}>
      <RadioInput
        label="Role"
        isInline
        value={role}
        onChange={(value) => setRole(value as Role)}
        options={(['admin', 'teacher', 'parent'] as const).map((value) => ({
          value,
          label: ROLE_NAMES[value],
        }))}
      />
      <FormError error={error} />
      {role !== person.role && (
        <div className="row">
          <Button type="submit" variant="primary" isPending={isPending}>
            Change the role
          </Button>
        </div>
      )}
    </form>
  )
}

function SuspendForm({ person, onDone }: PartProps) {
  const [isOpen, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const params = { path: { user_id: person.id } }
    await unwrap(api.POST('/api/v1/users/{user_id}/suspend', { params, body: { reason: reason.trim() } }))
    await onDone(`${person.display_name} is suspended.`)
  })
  if (!isOpen) {
    return (
      <div className="part">
        <div className="row">
          <Button onPress={() => setOpen(true)}>Suspend…</Button>
        </div>
      </div>
    )
  }
  return (
    <form className="part" onSubmit={onSubmit} noValidate>
      <p>They are out within seconds, on all devices, and cannot sign in until somebody restores them.</p>
      <TextInput
        label="Reason"
        hint="It is kept in the audit log."
        value={reason}
        onChange={setReason}
        error={errors.at('/reason')}
        maxLength={500}
        autoFocus
        isRequired
      />
      <FormError error={error} shown={['/reason']} />
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Suspend
        </Button>
        <Button onPress={() => setOpen(false)}>Cancel</Button>
      </div>
    </form>
  )
}
