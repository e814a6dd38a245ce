/** The second step of a sign-in: a code, a passkey, or one of the codes for emergencies. */
import { type FormEvent, useState } from 'react'
import { ApiError, explain } from '../../api/problem'
import { publicApi, unwrap } from '../../api/public'
import type { AssertionCredential, FactorMethod, SignedInOut } from '../../api/types'
import { askForPasskey, explainPasskey } from '../../auth/passkey'
import { Button } from '../../ui/button'
import { CodeInput } from '../../ui/code-input'
import { TextInput } from '../../ui/fields'
import type { Challenge } from './password-form'

export interface SecondFactorFormProps {
  challenge: Challenge
  onSignedIn: (answer: SignedInOut) => void
  /** Back to the first step, which is needed again once the challenge is too old. */
  onBack: () => void
}

type Proof =
  | { code: string }
  | { recovery_code: string }
  | { ceremony: string; credential: AssertionCredential }

const LABELS: Record<FactorMethod, string> = {
  totp: 'Use a code from your app',
  passkey: 'Use a passkey',
  recovery_code: 'Use a recovery code',
}

/** The form for one method, with the others below it. */
export default function SecondFactorForm({ challenge, onSignedIn, onBack }: SecondFactorFormProps) {
  const [method, setMethod] = useState<FactorMethod>(challenge.methods[0] ?? 'recovery_code')
  const [text, setText] = useState('')
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<string>()
  const [isTooOld, setTooOld] = useState(false)

  const prove = async (makeProof: () => Promise<Proof>) => {
    if (isPending) return
    setPending(true)
    setError(undefined)
    try {
      const body = { challenge: challenge.challenge, ...(await makeProof()) }
      onSignedIn(await unwrap(publicApi.POST('/api/v1/auth/login/second-factor', { body })))
    } catch (cause) {
      setError(explainProof(cause))
      setTooOld(cause instanceof ApiError && cause.code === 'invalid_challenge')
      setPending(false)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (method === 'passkey') return prove(() => askForPasskey({ challenge: challenge.challenge }))
    return prove(async () => (method === 'totp' ? { code: text } : { recovery_code: text.trim() }))
  }
  const choose = (next: FactorMethod) => {
    setMethod(next)
    setText('')
    setError(undefined)
  }

  const others = isTooOld ? [] : challenge.methods.filter((other) => other !== method)
  return (
    <form className="stack" onSubmit={(event) => void submit(event)} noValidate>
      <p>One more step shows that it is you.</p>
      {method === 'totp' && (
        <CodeInput
          label="Code from your app"
          hint="The six digits that your authenticator app shows now."
          value={text}
          onChange={setText}
          autoFocus
        />
      )}
      {method === 'recovery_code' && (
        <TextInput
          label="Recovery code"
          hint="One of those that you wrote down when you set this up. Each works once."
          value={text}
          onChange={setText}
          autoFocus
          isRequired
        />
      )}
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      {isTooOld ? (
        <Button variant="primary" onPress={onBack}>
          Start again
        </Button>
      ) : (
        <Button type="submit" variant="primary" isPending={isPending} autoFocus={method === 'passkey'}>
          {method === 'passkey' ? 'Use your passkey' : 'Sign in'}
        </Button>
      )}
      {others.map((other) => (
        <Button key={other} variant="quiet" onPress={() => choose(other)}>
          {LABELS[other]}
        </Button>
      ))}
      {!isTooOld && (
        <Button variant="quiet" onPress={onBack}>
          Back
        </Button>
      )}
    </form>
  )
}

function explainProof(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.code === 'invalid_challenge') return 'That took too long. Please start again.'
    if (error.status === 401) return 'That is not right. Codes change every 30 seconds: try the newest one.'
    if (error.status === 422) return 'Please enter the code.'
    return explain(error)
  }
  return explainPasskey(error)
}
