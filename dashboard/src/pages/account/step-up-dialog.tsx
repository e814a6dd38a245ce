/** Asks who one is once more, over the page, before something dangerous is done. Then the request goes on by itself. */
import { type FormEvent, useEffect, useState } from 'react'
import { api, publicApi, unwrap } from '../../api/client'
import { ApiError, explain } from '../../api/problem'
import type { User } from '../../api/types'
import { askForPasskey, explainPasskey } from '../../auth/passkey'
import { stepUp } from '../../auth/step-up'
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { CodeInput } from '../../ui/code-input'
import { Dialog } from '../../ui/dialog'
import { TextInput } from '../../ui/fields'
import { ErrorState, Skeleton } from '../../ui/states'
import { ProviderLinks } from '../welcome/other-ways'

type Way = 'password' | 'code' | 'recovery_code' | 'passkey'

const LABELS: Record<Way, string> = {
  password: 'Use your password',
  code: 'Use a code from your app',
  passkey: 'Use a passkey',
  recovery_code: 'Use a recovery code',
}

/** The dialog; closing it leaves everything as it was. */
export default function StepUpDialog({ user }: { user: User }) {
  const { ways, error, retry } = useWays()
  return (
    <Dialog title="Please confirm that it is you" isOpen onClose={() => stepUp.answer(false)}>
      <p>What you are about to do needs it. Afterwards we do not ask again for ten minutes.</p>
      {ways ? (
        <ProofForm ways={ways} user={user} />
      ) : error !== null ? (
        <ErrorState title="We could not ask" error={error} onRetry={retry} />
      ) : (
        <Skeleton rows={1} height="4.5rem" />
      )}
    </Dialog>
  )
}

/** How this person can prove who they are, the quickest first. */
function useWays(): { ways: Way[] | null; error: unknown; retry: () => void } {
  const [ways, setWays] = useState<Way[] | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks again
  useEffect(() => {
    let isHere = true
    setError(null)
    Promise.all([unwrap(api.GET('/api/v1/auth/me')), unwrap(api.GET('/api/v1/auth/factors'))]).then(
      ([me, factors]) => {
        const has = (type: string) => factors.items.some((factor) => factor.type === type)
        const known: [boolean, Way][] = [
          [has('passkey'), 'passkey'],
          [me.has_password, 'password'],
          [has('totp'), 'code'],
          [factors.recovery_codes_left > 0, 'recovery_code'],
        ]
        if (isHere) setWays(known.filter(([is]) => is).map(([, way]) => way))
      },
      (cause) => isHere && setError(cause),
    )
    return () => {
      isHere = false
    }
  }, [round])
  return { ways, error, retry: () => setRound(round + 1) }
}

function ProofForm({ ways, user }: { ways: Way[]; user: User }) {
  const [way, setWay] = useState(ways[0])
  const [text, setText] = useState('')
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<string>()

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isPending || way === undefined) return
    setPending(true)
    setError(undefined)
    try {
      const askedAt = Date.now()
      const body = way === 'passkey' ? await askForPasskey({}, publicApi) : { [way]: text }
      session.stepUp(await unwrap(api.POST('/api/v1/auth/step-up', { body })), askedAt)
      stepUp.answer(true)
    } catch (cause) {
      setError(explainProof(cause, way))
      setPending(false)
    }
  }
  const choose = (next: Way) => {
    setWay(next)
    setText('')
    setError(undefined)
  }

  if (way === undefined) return <OnlyProviders />
  return (
    <form className="stack" onSubmit={(event) => void submit(event)} noValidate>
      {/* Lets password managers know whose password is asked for. */}
      <input type="text" autoComplete="username" value={user.email} readOnly hidden />
      {way === 'password' && (
        <TextInput
          label="Password"
          type="password"
          autoComplete="current-password"
          value={text}
          onChange={setText}
          autoFocus
          isRequired
        />
      )}
      {way === 'code' && <CodeInput label="Code from your app" value={text} onChange={setText} autoFocus />}
      {way === 'recovery_code' && (
        <TextInput
          label="Recovery code"
          hint="Each works once."
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
      {ways
        .filter((other) => other !== way)
        .map((other) => (
          <Button key={other} variant="quiet" onPress={() => choose(other)}>
            {LABELS[other]}
          </Button>
        ))}
      <div className="dialog-actions">
        <Button onPress={() => stepUp.answer(false)}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending} autoFocus={way === 'passkey'}>
          {way === 'passkey' ? 'Use your passkey' : 'Confirm'}
        </Button>
      </div>
    </form>
  )
}

/** Neither a password nor a second factor: only where they came from knows who they are. */
function OnlyProviders() {
  return (
    <div className="stack">
      <p>
        Your account has no password. Sign in again at the other site; you come back to this page, but what
        you typed on it is lost.
      </p>
      <ProviderLinks returnTo={window.location.pathname} />
      <div className="dialog-actions">
        <Button onPress={() => stepUp.answer(false)}>Cancel</Button>
      </div>
    </div>
  )
}

function explainProof(error: unknown, way: Way): string {
  if (!(error instanceof ApiError)) return explainPasskey(error)
  if (error.status === 401)
    return way === 'password' ? 'The password is not right. Try again.' : 'That is not right. Try again.'
  if (error.status === 422) return 'Please fill this in.'
  return explain(error)
}
