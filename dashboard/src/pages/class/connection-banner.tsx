/** How the live connection is: a word beside the title while all is well, a strip with what to do when it is not. */
import type { Connection, Refusal } from '../../realtime/connection'
import type { RoomView } from '../../realtime/use-room'
import { Button } from '../../ui/button'
import { useNow } from '../../ui/use-now'

const SECOND_MS = 1_000

const REFUSALS: Record<Refusal, string> = {
  not_allowed:
    'You no longer have access to this class. Ask its owner to let you in again, then press “Try now”.',
  gone: 'This class does not exist any more. Go back to your classes.',
  unsupported: 'The server does not take the live connection of this page. Reload the page.',
}

/** The sentence to read out. It does not change while the seconds run, or a screen reader would never stop. */
function trouble({ phase, failures }: Connection): string | null {
  switch (phase.name) {
    case 'live':
      return null
    case 'connecting':
      return failures === 0 ? null : 'Connection lost. Reconnecting…'
    case 'waiting':
      return 'Connection lost. Reconnecting…'
    case 'offline':
      return 'You are offline. This page goes on as soon as there is a network.'
    case 'refused':
      return REFUSALS[phase.why]
  }
}

/** The strip under the header. */
export function ConnectionBanner({ room: { connection, tryNow } }: { room: RoomView }) {
  const sentence = connection && trouble(connection)
  const phase = connection?.phase
  const isGone = phase?.name === 'refused' && phase.why !== 'not_allowed'
  return (
    <div {...(sentence && { className: 'banner', role: 'region', 'aria-label': 'Connection' })}>
      <span role="status">{sentence}</span> {phase?.name === 'waiting' && <NextTry at={phase.until} />}
      {sentence && phase?.name !== 'connecting' && !isGone && (
        <Button size="small" onPress={tryNow}>
          Try now
        </Button>
      )}
    </div>
  )
}

function NextTry({ at }: { at: number }) {
  const now = useNow(SECOND_MS)
  const seconds = Math.max(1, Math.ceil((at - now) / SECOND_MS))
  return <span className="numbers">Next try in {seconds} s.</span>
}

/** Whether the page moves by itself. */
export function ConnectionBadge({ room: { connection } }: { room: RoomView }) {
  if (connection?.phase.name === 'live') return <span className="badge badge-accent">Live</span>
  const isFirst = connection === null || (connection.phase.name === 'connecting' && connection.failures === 0)
  return <span className="badge">{isFirst ? 'Connecting…' : 'Not live'}</span>
}
