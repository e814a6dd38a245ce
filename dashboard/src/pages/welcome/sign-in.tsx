/** Signing in, and signing in again over a page when the session has ended. */
import { lazy, Suspense, useState } from 'react'
import { Link, useLocation, useSearch } from 'wouter'
import type { SignedInOut, User } from '../../api/types'
import { explainProvider } from '../../auth/provider-errors'
import type { Ending } from '../../auth/state'
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Skeleton } from '../../ui/states'
import { WelcomeCard } from '../../ui/welcome-card'
import { useProviderChallenge } from './link-token'
import { PasskeyButton, ProviderLinks } from './other-ways'
import { type Challenge, PasswordForm } from './password-form'
import './welcome.css'

const SecondFactorForm = lazy(() => import('./second-factor-form'))

/** The first page of somebody who is not signed in; the address stays, so they land where they wanted to go. */
export function SignInPage({ wasIdle }: { wasIdle: boolean }) {
  const [location] = useLocation()
  const error = new URLSearchParams(useSearch()).get('error')
  return (
    <WelcomeCard
      title="Sign in"
      subtitle="Run a live class, see who needs help, and keep the results."
      footer={
        <>
          <Link href="/register">Make an account</Link>
          <Link href="/forgot-password">Forgot your password?</Link>
        </>
      }
    >
      {wasIdle && (
        <p className="callout">You were signed out because nobody did anything here for 30 minutes.</p>
      )}
      {error && (
        <p className="callout callout-warn" role="alert">
          {explainProvider(error)}
        </p>
      )}
      <SignInSteps initialEmail="" returnTo={location === '/sign-in' ? '/' : location} />
    </WelcomeCard>
  )
}

/** Asks for a sign-in over the page that the user was on; what they typed there is kept. */
export function SignInAgainDialog({ user, ending }: { user: User; ending: Ending }) {
  const [location] = useLocation()
  return (
    // After idle time whoever comes by must not read what is under the dialog.
    <Dialog title="Please sign in again" isOpen isOpaque={ending === 'idle'}>
      <p>
        {ending === 'idle'
          ? 'Nobody did anything here for 30 minutes, so your session was ended.'
          : 'Your session has run out.'}{' '}
        Sign in and carry on where you were; nothing on this page is lost.
      </p>
      <SignInSteps initialEmail={user.email} returnTo={location} />
      <div className="dialog-actions">
        <Button variant="quiet" onPress={() => void session.signOut()}>
          Sign out instead
        </Button>
      </div>
    </Dialog>
  )
}

/** The password, then a second factor if the account has one; or another way. */
function SignInSteps({ initialEmail, returnTo }: { initialEmail: string; returnTo: string }) {
  const [challenge, setChallenge] = useState<Challenge | null>(useProviderChallenge())
  // Somebody else signing in over the page would see what is not theirs: the session then leaves it.
  const finish = (answer: SignedInOut) => session.signIn(answer)
  if (challenge) {
    return (
      <Suspense fallback={<Skeleton rows={2} height="3rem" />}>
        <SecondFactorForm challenge={challenge} onSignedIn={finish} onBack={() => setChallenge(null)} />
      </Suspense>
    )
  }
  return (
    <>
      <PasswordForm initialEmail={initialEmail} onSignedIn={finish} onChallenge={setChallenge} />
      <PasskeyButton onSignedIn={finish} />
      <ProviderLinks returnTo={returnTo} />
    </>
  )
}
