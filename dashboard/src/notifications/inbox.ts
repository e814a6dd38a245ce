/** What the bell says, and what reading does to the inbox. Nothing here knows of React or of the network. */
import type { Inbox, Notification } from '../api/types'

/** The name of the bell for those who cannot see the number on it. */
export function bellLabel(unread: number): string {
  return unread > 0 ? `Notifications, ${unread} unread` : 'Notifications'
}

/**
 * What happened, in a sentence. The server settles a notification once somebody decides, so only of an unread one can
 * it be said that the pupil still waits.
 */
export function describe({ display_name, class_name, read_at }: Notification): string {
  return read_at
    ? `${display_name} asked to be let into ${class_name}`
    : `${display_name} waits to be let into ${class_name}`
}

/** The inbox after one was read, before the server has said so. */
export function withRead(inbox: Inbox, id: string, now: Date): Inbox {
  return read(inbox, now, (item) => item.id === id)
}

/** The inbox after all were read. */
export function withAllRead(inbox: Inbox, now: Date): Inbox {
  return { ...read(inbox, now, () => true), unread: 0 }
}

function read(inbox: Inbox, now: Date, isMeant: (item: Notification) => boolean): Inbox {
  let newlyRead = 0
  const items = inbox.items.map((item) => {
    if (item.read_at || !isMeant(item)) return item
    newlyRead += 1
    return { ...item, read_at: now.toISOString() }
  })
  return { items, unread: Math.max(0, inbox.unread - newlyRead) }
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** How long ago, roughly: whole days, hours or minutes. A server's clock that runs ahead of ours is no future. */
export function timeAgo(createdAt: string, nowMs: number): string {
  const age = nowMs - Date.parse(createdAt)
  for (const [unit, ms] of UNITS) {
    if (age >= ms) return relative.format(-Math.floor(age / ms), unit)
  }
  return 'just now'
}
