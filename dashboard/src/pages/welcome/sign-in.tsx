/** Signing in, and signing in again over a page when the token has run out. */
import { type FormEvent, useEffect, useState } from 'react'
import { api, unwrap } from '../api/client'
import { ApiError, explain } from '../api/problem'
import type { User } from '../api/types'
import { session } from '../auth/use-session'
import { BrandMark } from '../ui/brand'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { TextInput } from '../ui/fields'
import './sign-in.css'

/** The first page of somebody who is not signed in; the address stays, so they land where they wanted to go. */
export function SignInPage() {
  useEffect(() => {
    document.title = 'Sign in · ToolboxAI Edge'
  }, [])
  return (
    <main className="sign-in">
      <div className="sign-in-card card">
        <div className="sign-in-brand">
          <BrandMark />
          <span>ToolboxAI Edge</span>
        </div>
        <h1>Sign in</h1>
        <p className="muted">Run a live class, see who needs help, and keep the results.</p>
        <SignInForm initialEmail="" />
      </div>
    </main>
  )
}

/** Asks for the password over the page that the user was on; what they typed there is kept. */
export function SignInAgainDialog({ user }: { user: User }) {
  return (
    <Dialog title="Please sign in again" isOpen>
      <p>Your session has run out. Sign in and carry on where you were; nothing on this page is lost.</p>
      <SignInForm initialEmail={user.email} user={user} />
      <div className="dialog-actions">
        <Button variant="quiet" onPress={() => session.signOut()}>
          Sign out instead
        </Button>
      </div>
    </Dialog>
  )
}

function SignInForm({ initialEmail, user }: { initialEmail: string; user?: User }) {
  const [email, setEmail] = useState(initialEmail)
  const [password, setPassword] = useState('')
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<string>()

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isPending) return
    setPending(true)
    setError(undefined)
    try {
      const body = { email: email.trim(), password }
      const answer = await unwrap(api.POST('/api/v1/auth/login', { body }))
      // Somebody else signing in over the page would see what is not theirs: leave the page first.
      if (user && answer.user.id !== user.id) session.signOut()
      session.signIn({ token: answer.access_token, user: answer.user })
    } catch (cause) {
      setError(explainSignIn(cause))
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
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      <Button type="submit" variant="primary" isPending={isPending}>
        {isPending ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}

function explainSignIn(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) return 'E-mail or password is not right. Try again.'
  if (error instanceof ApiError && error.status === 422) return 'Please enter your e-mail and your password.'
  return explain(error)
}
