/** The warning before idle time ends the session. */
import { session } from '../../auth/use-session'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { useNow } from '../../ui/use-now'

const CLOCK_MS = 1_000

/** Counts down; the answer counts for all tabs. */
export default function IdleDialog({ endsAt }: { endsAt: number }) {
  const now = useNow(CLOCK_MS)
  const seconds = Math.max(0, Math.ceil((endsAt - now) / 1_000))
  const minutes = Math.ceil(seconds / 60)
  return (
    <Dialog title="Are you still there?" isOpen role="alertdialog" onClose={() => session.stay()}>
      <p>
        Nobody has done anything here for a while. To protect your class you are signed out in{' '}
        <strong className="numbers" role="timer">
          {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, '0')}
        </strong>
        . What you typed stays.
      </p>
      {/* Read out once a minute, not every second. */}
      <p className="sr-only" role="status">
        {minutes === 1 ? 'Less than a minute left.' : `${minutes} minutes left.`}
      </p>
      <div className="dialog-actions">
        <Button variant="quiet" onPress={() => void session.signOut()}>
          Sign out
        </Button>
        <Button variant="primary" autoFocus onPress={() => session.stay()}>
          Stay signed in
        </Button>
      </div>
    </Dialog>
  )
}
