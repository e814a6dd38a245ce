/** What lies over every page of somebody who is signed in: the session's own questions and troubles. */
import { lazy, Suspense, useSyncExternalStore } from 'react'
import type { SignedIn } from '../auth/state'
import { stepUp } from '../auth/step-up'
import { SignInAgainDialog } from '../pages/welcome/sign-in'
import { Dialog } from './dialog'

const StepUpDialog = lazy(() => import('../pages/account/step-up-dialog'))
const IdleDialog = lazy(() => import('../pages/account/idle-dialog'))

/** One of them at most at a time, the most urgent. */
export function SessionNotices({ state }: { state: SignedIn }) {
  const isAsking = useSyncExternalStore(stepUp.subscribe, stepUp.isAsking)
  if (state.ended !== null) return <SignInAgainDialog user={state.user} ending={state.ended} />
  return (
    <>
      {state.isOffline && (
        <div className="banner" role="status">
          The server cannot be reached. You stay signed in; this page tries again by itself.
        </div>
      )}
      {isAsking && (
        <Suspense fallback={<Waiting />}>
          <StepUpDialog user={state.user} />
        </Suspense>
      )}
      {state.idleEndsAt !== null && (
        <Suspense>
          <IdleDialog endsAt={state.idleEndsAt} />
        </Suspense>
      )}
    </>
  )
}

function Waiting() {
  return (
    <Dialog title="One moment" isOpen onClose={() => stepUp.answer(false)}>
      <p className="muted">Loading…</p>
    </Dialog>
  )
}
