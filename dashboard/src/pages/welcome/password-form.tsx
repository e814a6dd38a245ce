/** E-mail and password. */
import { type FormEvent, useState } from 'react'
import { ApiError, explain } from '../../api/problem'
import { publicApi, unwrap } from '../../api/public'
import type { SecondFactorNeeded, SignedInOut } from '../../api/types'
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { TextInput } from '../../ui/fields'
import { ResendVerification } from './resend'

export type Challenge = Pick<SecondFactorNeeded, 'challenge' | 'methods'>

export interface PasswordFormProps {
  initialEmail: string
  onSignedIn: (answer: SignedInOut) => void
  onChallenge: (challenge: Challenge) => void
}

/** The form; it says in a sentence why it did not work. */
export function PasswordForm({ initialEmail, onSignedIn, onChallenge }: PasswordFormProps) {
  const [email, setEmail] = useState(initialEmail)
  const [password, setPassword] = useState('')
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isPending) return
    setPending(true)
    setError(null)
    try {
      await session.settled()
      const body = { email: email.trim(), password }
      const answer = await unwrap(publicApi.POST('/api/v1/auth/login', { body }))
      if (answer.status === 'second_factor_required') onChallenge(answer)
      else onSignedIn(answer)
    } catch (cause) {
      setError(cause)
      setPending(false)
    }
  }

  return (
    <form className="stack" onSubmit={(event) => void submit(event)} noValidate>
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="username"
        value={email}
        onChange={setEmail}
        autoFocus={initialEmail === ''}
        isRequired
      />
      <TextInput
        label="Password"
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        autoFocus={initialEmail !== ''}
        isRequired
      />
      {error !== null && (
        <p className="field-error" role="alert">
          {explainSignIn(error)}
        </p>
      )}
      {error instanceof ApiError && error.code === 'email_not_verified' && (
        <ResendVerification email={email.trim()} />
      )}
      <Button type="submit" variant="primary" isPending={isPending}>
        {isPending ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}

function explainSignIn(error: unknown): string {
  if (!(error instanceof ApiError)) return explain(error)
  if (error.code === 'email_not_verified')
    return 'This e-mail address is not confirmed yet. Open the link in the mail that we sent you.'
  if (error.status === 401) return 'E-mail or password is not right. Try again.'
  if (error.status === 422) return 'Please enter your e-mail and your password.'
  return explain(error)
}
