/** What holds for the whole school: its name, and whether everybody needs a second factor. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { keys } from '../../api/queries'
import type { School } from '../../api/types'
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { ConfirmButton } from '../../ui/dialog'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'
import { schoolKeys, useSchool } from './queries'

/** The page's cards. */
export default function SettingsTab() {
  const school = useSchool()
  if (school.isError)
    return (
      <ErrorState
        title="The school could not be loaded"
        error={school.error}
        onRetry={() => void school.refetch()}
      />
    )
  if (!school.data) return <Skeleton />
  return (
    <div className="stack">
      <section className="card" aria-labelledby="name-title">
        <div className="card-head">
          <h2 id="name-title">Name</h2>
        </div>
        <NameForm school={school.data} />
      </section>
      <SecondFactorCard school={school.data} />
    </div>
  )
}

function NameForm({ school }: { school: School }) {
  const client = useQueryClient()
  const [name, setName] = useState(school.name)
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { name: name.trim() }
    client.setQueryData(schoolKeys.school, await unwrap(api.PATCH('/api/v1/schools/current', { body })))
    void client.invalidateQueries({ queryKey: keys.me })
    notify('The name is saved.')
  })
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
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
          Save the name
        </Button>
      </div>
    </form>
  )
}

function SecondFactorCard({ school }: { school: School }) {
  const client = useQueryClient()
  const isRequired = school.require_second_factor
  const change = async () => {
    const body = { require_second_factor: !isRequired }
    const changed = await unwrap(api.PATCH('/api/v1/schools/current', { body }))
    // Only a new token knows of it: once the page says so, it holds for this admin as well.
    await session.renew()
    client.setQueryData(schoolKeys.school, changed)
    notify(
      isRequired
        ? 'A second factor is up to everybody again.'
        : 'Everybody on the staff now needs a second factor.',
    )
  }
  return (
    <section className="card" aria-labelledby="factor-title">
      <div className="card-head">
        <h2 id="factor-title">Second factor</h2>
        <span className={isRequired ? 'badge badge-accent' : 'badge'}>
          {isRequired ? 'Required' : 'Up to everybody'}
        </span>
      </div>
      <div className="stack">
        <p className="muted">
          {isRequired
            ? 'Teachers and admins must have an authenticator app or a passkey.'
            : 'Teachers and admins may protect their accounts with an app or a passkey. You can make it a must.'}
        </p>
        <div className="row">
          <ConfirmButton
            title={
              isRequired ? 'No longer require a second factor?' : 'Require a second factor of the staff?'
            }
            consequence={
              isRequired
                ? 'Those who have one keep it. Nobody needs one any more.'
                : 'Whoever has none is asked to set one up before anything else, you included.'
            }
            confirmLabel={isRequired ? 'Leave it to them' : 'Require it'}
            onConfirm={change}
          >
            {isRequired ? 'No longer require it' : 'Require it of the staff'}
          </ConfirmButton>
        </div>
      </div>
    </section>
  )
}
