/** Accounts at other sites that sign in to this one. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, unwrap } from '../../api/client'
import { explain } from '../../api/problem'
import type { LinkedIdentity, Provider } from '../../api/types'
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { When } from '../../ui/dates'
import { ConfirmButton } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { accountKeys, useIdentities, useProviders } from './queries'

/** The list; nothing where the server knows no other site. */
export function IdentitiesCard({ hasPassword }: { hasPassword: boolean }) {
  const providers = useProviders()
  const identities = useIdentities()
  if (!providers.data || !identities.data) return null
  if (providers.data.length === 0 && identities.data.length === 0) return null
  const linked = new Set(identities.data.map(({ provider }) => provider))
  const isLastWay = !hasPassword && identities.data.length === 1
  return (
    <section className="card" aria-labelledby="identities-title">
      <div className="card-head">
        <h2 id="identities-title">Sign in with another account</h2>
      </div>
      <ul className="rows">
        {identities.data.map((identity) => (
          <IdentityRow key={identity.id} identity={identity} isLastWay={isLastWay} />
        ))}
        {providers.data
          .filter(({ id }) => !linked.has(id))
          .map((provider) => (
            <ProviderRow key={provider.id} provider={provider} />
          ))}
      </ul>
    </section>
  )
}

interface IdentityRowProps {
  identity: LinkedIdentity
  /** Without it nobody could sign in any more. */
  isLastWay: boolean
}

function IdentityRow({ identity, isLastWay }: IdentityRowProps) {
  const name = identity.provider_name
  const client = useQueryClient()
  const unlink = async () => {
    const params = { path: { identity_id: identity.id } }
    await unwrap(api.DELETE('/api/v1/auth/identities/{identity_id}', { params }))
    await client.invalidateQueries({ queryKey: accountKeys.identities })
    notify(`${name} no longer signs you in.`)
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">{name}</span>
        <span className="muted small">
          {identity.account && `${identity.account} · `}since <When at={identity.created_at} isDate />
        </span>
      </span>
      {isLastWay ? (
        <span className="muted small">Your only way to sign in</span>
      ) : (
        <ConfirmButton
          size="small"
          variant="quiet"
          aria-label={`Unlink ${name}`}
          title={`Unlink ${name}?`}
          consequence={`Your account at ${name} no longer signs you in here. The account itself stays.`}
          confirmLabel="Unlink"
          onConfirm={unlink}
        >
          Unlink
        </ConfirmButton>
      )}
    </li>
  )
}

function ProviderRow({ provider }: { provider: Provider }) {
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const link = async () => {
    setPending(true)
    setError(null)
    try {
      const params = { path: { provider: provider.id }, query: { return_to: '/account/security' } }
      const { url } = await unwrap(api.POST('/api/v1/auth/oidc/{provider}/link', { params }))
      session.expectSignIn()
      window.location.assign(url)
    } catch (cause) {
      setError(cause)
      setPending(false)
    }
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">{provider.name}</span>
        {error !== null && (
          <span className="field-error" role="alert">
            {explain(error)}
          </span>
        )}
      </span>
      <Button size="small" isPending={isPending} onPress={() => void link()}>
        Link your account at {provider.name}
      </Button>
    </li>
  )
}
