/** What protects an account: the password, second factors, accounts at other sites. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearch } from 'wouter'
import { api, unwrap } from '../../api/client'
import { ApiError } from '../../api/problem'
import { keys, useMe } from '../../api/queries'
import type { Account } from '../../api/types'
import { explainProvider } from '../../auth/provider-errors'
import { useSession } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { NewPasswordInput } from '../../ui/new-password'
import { notify } from '../../ui/notices'
import { ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'
import { FactorsCard } from './factors'
import { IdentitiesCard } from './identities'

/** The page's cards; when the school requires a second factor, that comes first. */
export function SecurityTab() {
  const me = useMe()
  const state = useSession()
  const search = new URLSearchParams(useSearch())
  const wasSentHere = search.has('required')
  const linkError = search.get('error')
  if (me.isError)
    return (
      <ErrorState
        title="Your account could not be loaded"
        error={me.error}
        onRetry={() => void me.refetch()}
      />
    )
  if (!me.data) return <Skeleton />
  const isRequired = wasSentHere || (state.status === 'signed_in' && state.user.second_factor_required)
  return (
    <div className="stack">
      {linkError !== null && (
        <p className="callout callout-warn" role="alert">
          {explainProvider(linkError)}
        </p>
      )}
      {search.has('linked') && (
        <p className="callout" role="status">
          Your other account is linked. From now on it signs you in here.
        </p>
      )}
      {isRequired && <RequiredCallout hasFactor={me.data.factors > 0} />}
      <FactorsCard />
      <PasswordCard key={String(me.data.has_password)} account={me.data} />
      <IdentitiesCard hasPassword={me.data.has_password} />
    </div>
  )
}

function RequiredCallout({ hasFactor }: { hasFactor: boolean }) {
  if (hasFactor) {
    return (
      <p className="callout" role="status">
        Your second factor is set up. <Link href="/">Go on to your classes</Link>
      </p>
    )
  }
  return (
    <p className="callout callout-warn" role="alert">
      Your school wants a second factor for every sign-in. Set one up below; then everything else opens.
    </p>
  )
}

function PasswordCard({ account }: { account: Account }) {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const client = useQueryClient()
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const body = { new_password: next, ...(account.has_password && { current_password: current }) }
    await unwrap(api.POST('/api/v1/auth/password/change', { body }))
    setCurrent('')
    setNext('')
    notify('Your password is changed. All other devices were signed out.')
    await client.invalidateQueries({ queryKey: keys.me })
  })
  const isWrong = error instanceof ApiError && error.code === 'invalid_credentials'
  return (
    <section className="card" aria-labelledby="password-title">
      <div className="card-head">
        <h2 id="password-title">Password</h2>
      </div>
      <form className="stack" onSubmit={onSubmit} noValidate>
        <input type="text" autoComplete="username" value={account.email} readOnly hidden />
        {account.has_password ? (
          <TextInput
            label="Current password"
            type="password"
            autoComplete="current-password"
            value={current}
            onChange={setCurrent}
            error={isWrong ? 'This is not your password.' : errors.at('/current_password')}
            isRequired
          />
        ) : (
          <p className="muted">
            You sign in at another site. With a password you can sign in without it, too.
          </p>
        )}
        <NewPasswordInput
          label="New password"
          value={next}
          onChange={setNext}
          error={errors.at('/new_password')}
          own={[account.display_name, account.email]}
        />
        {!isWrong && <FormError error={error} shown={['/current_password', '/new_password']} />}
        <div className="row">
          <Button type="submit" variant="primary" isPending={isPending}>
            {account.has_password ? 'Change the password' : 'Set the password'}
          </Button>
        </div>
      </form>
    </section>
  )
}
