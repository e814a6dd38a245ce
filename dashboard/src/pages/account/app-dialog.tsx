/** Setting up an authenticator app: scan or type the secret, then prove with a code that it arrived. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { api, unwrap } from '../../api/client'
import { ApiError, explain } from '../../api/problem'
import { Button } from '../../ui/button'
import { CodeInput } from '../../ui/code-input'
import { Dialog } from '../../ui/dialog'
import { ErrorState, Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'

const QrCode = lazy(() => import('./qr-code'))

export interface AddFactorProps {
  isOpen: boolean
  onClose: () => void
  /** With the recovery codes, if these are the first ones. */
  onAdded: (recoveryCodes: string[] | null) => void
}

/** The dialog; each time it opens there is a new secret. */
export function AppDialog({ isOpen, onClose, onAdded }: AddFactorProps) {
  return (
    <Dialog title="Add an authenticator app" isOpen={isOpen} onClose={onClose}>
      <Setup onClose={onClose} onAdded={onAdded} />
    </Dialog>
  )
}

function Setup({ onClose, onAdded }: Omit<AddFactorProps, 'isOpen'>) {
  const setup = useQuery({
    queryKey: ['totp-setup'],
    queryFn: () => unwrap(api.POST('/api/v1/auth/factors/totp', { body: {} })),
    retry: false,
    // A secret belongs to one opening of the dialog, and to no cache.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const [code, setCode] = useState('')
  const { isPending, error, onSubmit } = useForm(async () => {
    const params = { path: { factor_id: setup.data?.id ?? '' } }
    const answer = await unwrap(
      api.POST('/api/v1/auth/factors/totp/{factor_id}/confirm', { params, body: { code } }),
    )
    onAdded(answer.recovery_codes ?? null)
  })
  if (setup.isError)
    return (
      <ErrorState title="It could not be begun" error={setup.error} onRetry={() => void setup.refetch()} />
    )
  if (!setup.data) return <Skeleton rows={2} height="6rem" />
  const { secret, otpauth_uri } = setup.data
  return (
    <form className="stack" onSubmit={onSubmit} noValidate>
      <p>Scan this with an app like Aegis, Google Authenticator or 1Password.</p>
      <Suspense fallback={<Skeleton rows={1} height="13rem" />}>
        <QrCode text={otpauth_uri} label="QR code for the authenticator app" />
      </Suspense>
      <details>
        <summary>Or type the secret into the app</summary>
        <code className="code-block">{secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code>
      </details>
      <CodeInput
        label="Code from the app"
        hint="It shows that the secret arrived."
        value={code}
        onChange={setCode}
        error={error === null ? undefined : explainCode(error)}
      />
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Confirm
        </Button>
      </div>
    </form>
  )
}

function explainCode(error: unknown): string {
  if (error instanceof ApiError && (error.code === 'invalid_code' || error.status === 422))
    return 'This code is not right. Codes change every 30 seconds: enter the newest one, and check the clock of your phone.'
  return explain(error)
}
