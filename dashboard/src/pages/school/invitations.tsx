/** Invitations that are on their way, and a new one. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import type { Invitation, Role } from '../../api/types'
import { Button } from '../../ui/button'
import { RadioInput, TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { More } from '../../ui/more'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'
import { InvitationRow } from './invitation-row'
import { schoolKeys, useInvitations } from './queries'

/** The form and the list. */
export default function InvitationsTab() {
  const invitations = useInvitations()
  return (
    <div className="stack">
      <section className="card" aria-labelledby="invite-title">
        <div className="card-head">
          <h2 id="invite-title">Invite somebody</h2>
        </div>
        <InviteForm />
      </section>
      <section className="card" aria-labelledby="invited-title">
        <div className="card-head">
          <h2 id="invited-title">Invitations</h2>
        </div>
        {invitations.data ? (
          <InvitationList items={invitations.data} />
        ) : invitations.isError ? (
          <ErrorState
            title="The invitations could not be loaded"
            error={invitations.error}
            onRetry={() => void invitations.refetch()}
          />
        ) : (
          <Skeleton rows={2} height="3.5rem" />
        )}
        <More pages={invitations} label="Show more invitations" />
      </section>
    </div>
  )
}

function InviteForm() {
  const client = useQueryClient()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('teacher')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { email: email.trim(), role }
    await unwrap(api.POST('/api/v1/invitations', { body }))
    await client.invalidateQueries({ queryKey: schoolKeys.invitations })
    notify(`An invitation to ${body.email} is on its way.`)
    setEmail('')
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="off"
        value={email}
        onChange={setEmail}
        error={errors.at('/email')}
        isRequired
      />
      <RadioInput
        label="As"
        value={role}
        onChange={(value) => setRole(value as Role)}
        options={[
          { value: 'teacher', label: 'Teacher', hint: 'has classes and quizzes' },
          { value: 'admin', label: 'Admin', hint: 'may do everything in this school' },
          { value: 'parent', label: 'Parent', hint: 'follows a child with a code from the teacher' },
        ]}
        error={errors.at('/role')}
      />
      <FormError error={error} shown={['/email', '/role']} />
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Send the invitation
        </Button>
      </div>
    </form>
  )
}

function InvitationList({ items }: { items: Invitation[] }) {
  const client = useQueryClient()
  const onWithdrawn = () => client.invalidateQueries({ queryKey: schoolKeys.invitations })
  if (items.length === 0) return <p className="muted">Nobody was invited so far.</p>
  return (
    <ul className="rows" aria-label="Invitations">
      {items.map((item) => (
        <InvitationRow key={item.id} item={item} onWithdrawn={onWithdrawn} />
      ))}
    </ul>
  )
}
