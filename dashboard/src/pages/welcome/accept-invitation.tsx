/** Where the link of an invitation leads: who invites as what, then an account if there is none, then the sign-in. */
import { useEffect, useState } from 'react'
import { ApiError, explain } from '../../api/problem'
import { publicApi, unwrap } from '../../api/public'
import type { InvitationPreview } from '../../api/types'
import { session, useSession } from '../../auth/use-session'
import { Button, ButtonLink } from '../../ui/button'
import { TextInput } from '../../ui/fields'
import { FormError } from '../../ui/form-error'
import { NewPasswordInput } from '../../ui/new-password'
import { Skeleton } from '../../ui/states'
import { useForm } from '../../ui/use-form'
import { WelcomeCard } from '../../ui/welcome-card'
import { useLinkToken } from './link-token'
import { UsedLink } from './used-link'
import './welcome.css'

const ROLE_WORDS: Record<InvitationPreview['role'], string> = {
  admin: 'an admin',
  teacher: 'a teacher',
  parent: 'a parent',
  student: 'a pupil',
}

/** The page. */
export default function AcceptInvitationPage() {
  const token = useLinkToken()
  const { preview, error, retry } = usePreview(token)
  const [isDone, setDone] = useState(false)
  if (isDone && preview) return <Accepted preview={preview} />
  if (token === null || (error instanceof ApiError && [404, 410].includes(error.status))) {
    return (
      <UsedLink title="This invitation does not work any more">
        It was accepted, withdrawn, or is too old. Ask whoever sent it for a new one, or sign in.
      </UsedLink>
    )
  }
  if (preview) return <Invitation token={token} preview={preview} onDone={() => setDone(true)} />
  return (
    <WelcomeCard title="An invitation">
      {error === null ? (
        <Skeleton rows={2} height="3rem" />
      ) : (
        <>
          <p className="field-error" role="alert">
            {explain(error)}
          </p>
          <Button onPress={retry}>Try again</Button>
        </>
      )}
    </WelcomeCard>
  )
}

function usePreview(token: string | null) {
  const [preview, setPreview] = useState<InvitationPreview | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks again
  useEffect(() => {
    if (token === null) return
    let isHere = true
    setError(null)
    unwrap(publicApi.POST('/api/v1/invitations/preview', { body: { token } })).then(
      (found) => isHere && setPreview(found),
      (cause) => isHere && setError(cause),
    )
    return () => {
      isHere = false
    }
  }, [token, round])
  return { preview, error, retry: () => setRound(round + 1) }
}

interface InvitationProps {
  token: string
  preview: InvitationPreview
  onDone: () => void
}

function Invitation({ token, preview, onDone }: InvitationProps) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const { isPending, error, errors, onSubmit } = useForm(async () => {
    const account = preview.needs_account ? { display_name: name.trim(), password } : {}
    await unwrap(publicApi.POST('/api/v1/invitations/accept', { body: { token, ...account } }))
    onDone()
  })
  if (error instanceof ApiError && error.code === 'token_used') {
    return (
      <UsedLink title="This invitation does not work any more">
        It was accepted, withdrawn, or is too old. Ask whoever sent it for a new one, or sign in.
      </UsedLink>
    )
  }
  return (
    <WelcomeCard title={`Join ${preview.school_name}`}>
      <form className="stack" onSubmit={onSubmit} noValidate>
        <p>
          You are invited as <Invited preview={preview} />, with the address{' '}
          <strong className="break">{preview.email}</strong>.
        </p>
        {preview.needs_account && (
          <>
            <input type="text" autoComplete="username" value={preview.email} readOnly hidden />
            <TextInput
              label="Your name"
              autoComplete="name"
              value={name}
              onChange={setName}
              error={errors.at('/display_name')}
              isRequired
            />
            <NewPasswordInput
              label="Password"
              value={password}
              onChange={setPassword}
              error={errors.at('/password')}
              own={[name, preview.email]}
            />
          </>
        )}
        <FormError error={error} shown={['/display_name', '/password']} />
        <Button type="submit" variant="primary" isPending={isPending}>
          {preview.needs_account ? 'Make the account and join' : 'Join'}
        </Button>
      </form>
    </WelcomeCard>
  )
}

/** As what, and to which class or for which child. */
function Invited({ preview }: { preview: InvitationPreview }) {
  const { role, class_name: className, pupil_name: pupilName } = preview
  const inClass = className && (
    <>
      {role === 'parent' ? ' in ' : ' of '}the class <strong className="break">{className}</strong>
    </>
  )
  if (!pupilName)
    return (
      <>
        {ROLE_WORDS[role]}
        {inClass}
      </>
    )
  return (
    <>
      {ROLE_WORDS[role]} of <strong className="break">{pupilName}</strong>
      {inClass}
    </>
  )
}

/** Whoever is signed in here gets a token that knows the new role; anybody else signs in. */
function Accepted({ preview }: { preview: InvitationPreview }) {
  const state = useSession()
  const isSame = state.status === 'signed_in' && state.user.email === preview.email
  useEffect(() => {
    if (isSame) void session.renew()
  }, [isSame])
  return (
    <WelcomeCard title={`Welcome to ${preview.school_name}`}>
      <p role="status">The invitation is accepted.</p>
      <ButtonLink to={isSame ? '/' : '/sign-in'} variant="primary">
        {isSame ? 'Go on' : 'Sign in'}
      </ButtonLink>
    </WelcomeCard>
  )
}
