/** Short confirmations ("Saved") that go away by themselves and are read out politely. */
import { useSyncExternalStore } from 'react'

/** Long enough to read one sentence twice. */
const SHOWN_MS = 5_000

interface Notice {
  id: number
  text: string
}

let notices: Notice[] = []
let nextId = 1
const listeners = new Set<() => void>()

function set(next: Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

/** Shows `text` for a while. */
export function notify(text: string): void {
  const notice = { id: nextId++, text }
  set([...notices.slice(-2), notice])
  setTimeout(() => set(notices.filter(({ id }) => id !== notice.id)), SHOWN_MS)
}

/** The place where notices appear; once, at the root. */
export function Notices() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => notices,
  )
  return (
    <div className="notices" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <div key={id} className="notice">
          {text}
        </div>
      ))}
    </div>
  )
}
