/** Says that the live connection is gone, and what happens meanwhile. Nothing while all is well. */
import type { ConnectionState } from '../../live/connection'

const SENTENCES: Partial<Record<ConnectionState, string>> = {
  lost: 'Connection lost. Trying to come back; until then this page asks for news every few seconds.',
  refused:
    'The live connection was refused. This page asks for news every few seconds; reload it to try again.',
}

/** The strip under the header. */
export function ConnectionBanner({ connection }: { connection: ConnectionState }) {
  const sentence = SENTENCES[connection]
  return (
    <div role="status" aria-live="polite" data-connection={connection}>
      {sentence && <p className="banner">{sentence}</p>}
    </div>
  )
}
