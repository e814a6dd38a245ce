/** Signing in without a password: with a passkey, or at a provider's site. */
import { Fragment, useEffect, useState } from 'react'
import { explain } from '../../api/problem'
import { publicApi, unwrap } from '../../api/public'
import type { Provider, SignedInOut } from '../../api/types'
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'

const hasPasskeys = typeof window.PublicKeyCredential === 'function'

/** Lets the browser offer the passkeys that it has for this site. */
export function PasskeyButton({ onSignedIn }: { onSignedIn: (answer: SignedInOut) => void }) {
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<string>()
  if (!hasPasskeys) return null
  const signIn = async () => {
    setPending(true)
    setError(undefined)
    try {
      await session.settled()
      const { askForPasskey, explainPasskey } = await import('../../auth/passkey')
      try {
        const body = await askForPasskey({})
        onSignedIn(await unwrap(publicApi.POST('/api/v1/auth/login/passkey', { body })))
      } catch (cause) {
        setError(explainPasskey(cause))
        setPending(false)
      }
    } catch (cause) {
      setError(explain(cause))
      setPending(false)
    }
  }
  return (
    <>
      <p className="or">or</p>
      <Button isPending={isPending} onPress={() => void signIn()}>
        Sign in with a passkey
      </Button>
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
    </>
  )
}

/** A link for each provider that the school's server is set up for. */
export function ProviderLinks({ returnTo }: { returnTo: string }) {
  const providers = useProviders()
  return (
    <Fragment>
      {providers.map(({ id, name }) => (
        <a
          key={id}
          className="button button-secondary"
          href={`/api/v1/auth/oidc/${id}/start?return_to=${encodeURIComponent(returnTo)}`}
          onClick={() => session.expectSignIn()}
        >
          Sign in with {name}
        </a>
      ))}
    </Fragment>
  )
}

function useProviders(): Provider[] {
  const [providers, setProviders] = useState<Provider[]>([])
  useEffect(() => {
    const abort = new AbortController()
    const { signal } = abort
    unwrap(publicApi.GET('/api/v1/auth/providers', { signal })).then(
      ({ items }) => setProviders(items),
      // The password works without them.
      () => undefined,
    )
    return () => abort.abort()
  }, [])
  return providers
}
