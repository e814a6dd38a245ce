/** The name that others see, the address, and the school; a teacher without one can found one. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { keys, useMe } from '../../api/queries'
import type { Account } from '../../api/types'
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'

export const ROLE_NAMES: Record<Account['role'], string> = {
  admin: 'Admin',
  teacher: 'Teacher',
  parent: 'Parent',
  student: 'Pupil',
}

/** The page's cards. */
export function ProfileTab() {
  const me = useMe()
  if (me.isError)
    return (
      <ErrorState
        title="Your account could not be loaded"
        error={me.error}
        onRetry={() => void me.refetch()}
      />
    )
  if (!me.data) return <Skeleton />
  const account = me.data
  return (
    <div className="stack">
      <section className="card" aria-labelledby="profile-title">
        <div className="card-head">
          <h2 id="profile-title">Profile</h2>
        </div>
        <div className="stack">
          <dl className="facts">
            <dt>E-mail</dt>
            <dd>{account.email}</dd>
            <dt>Role</dt>
            <dd>{ROLE_NAMES[account.role]}</dd>
            {!account.school.is_personal && (
              <>
                <dt>School</dt>
                <dd>{account.school.name}</dd>
              </>
            )}
          </dl>
          <NameForm account={account} />
        </div>
      </section>
      {account.school.is_personal && account.role === 'teacher' && <FoundSchool />}
    </div>
  )
}

function NameForm({ account }: { account: Account }) {
  const client = useQueryClient()
  const [name, setName] = useState(account.display_name)
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { display_name: name.trim() }
    client.setQueryData(keys.me, await unwrap(api.PATCH('/api/v1/auth/me', { body })))
    notify('Your name is saved.')
    void session.renew()
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <TextInput
        label="Your name"
        autoComplete="name"
        value={name}
        onChange={setName}
        error={errors.at('/display_name')}
        isRequired
      />
      <FormError error={error} shown={['/display_name']} />
      <div className="row">
        <Button type="submit" variant="primary" isPending={isPending}>
          Save the name
        </Button>
      </div>
    </form>
  )
}

function FoundSchool() {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    await unwrap(api.POST('/api/v1/schools', { body: { name: name.trim() } }))
    notify('The school is founded. You are its admin.')
    await session.renew()
    await client.invalidateQueries()
  })
  return (
    <section className="card" aria-labelledby="found-title">
      <div className="card-head">
        <h2 id="found-title">Found a school</h2>
      </div>
      <form className="stack" onSubmit={onSubmit} noValidate>
        <p className="muted">
          So far you work alone. With a school you invite colleagues, and as its admin you decide who may do
          what. Your classes and quizzes come along.
        </p>
        <TextInput
          label="Name of the school"
          value={name}
          onChange={setName}
          error={errors.at('/name')}
          isRequired
        />
        <FormError error={error} shown={['/name']} />
        <div className="row">
          <Button type="submit" variant="primary" isPending={isPending}>
            Found the school
          </Button>
        </div>
      </form>
    </section>
  )
}
