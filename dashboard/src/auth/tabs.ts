/**
 * How the tabs of one browser keep out of each other's way and talk: Web Locks and BroadcastChannel, or, where those are
 * missing, the storage that they share. Through storage goes no token, as every script of the origin could read it
 * there: a tab that hears that something has changed asks the server itself.
 */
import type { Memory, Message } from './ports'

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

const REFRESH_LOCK = 'toolboxai.refresh'
const TAB_LOCK = 'toolboxai.tab'
const CHANNEL = 'toolboxai.session'
const ACTIVE_KEY = 'toolboxai.active'
const LEAVING_KEY = 'toolboxai.leaving'
const LOCK_KEY = 'toolboxai.lock'
const NEWS_KEY = 'toolboxai.news'

/** A tab that was killed inside the lock frees it after so long. */
const LOCK_LASTS_MS = 20_000
/** Long enough for two tabs that took the lock at once to see it. */
const LOCK_SETTLES_MS = 60
const LOCK_AGAIN_MS = 150

export type Exclusively = (run: (hasWaited: boolean) => Promise<void>) => Promise<void>

/** One tab at a time, by the browser's own locks. */
export function exclusivelyByLocks(locks: LockManager): Exclusively {
  return async (run) => {
    const isFree = await locks.request(REFRESH_LOCK, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await run(false)
      return lock !== null
    })
    if (!isFree) await locks.request(REFRESH_LOCK, () => run(true))
  }
}

/** The same by storage. It may let two in at once; the server then gives both the same successor. */
export function exclusivelyByStorage(store: Store, id: string): Exclusively {
  const holder = () => readHolder(store)
  return async (run) => {
    let hasWaited = false
    for (;;) {
      const held = holder()
      if (held === null || held.until < Date.now()) {
        store.setItem(LOCK_KEY, JSON.stringify({ id, until: Date.now() + LOCK_LASTS_MS }))
        await pause(LOCK_SETTLES_MS)
        if (holder()?.id === id) break
      }
      hasWaited = true
      await pause(LOCK_AGAIN_MS)
    }
    try {
      await run(hasWaited)
    } finally {
      if (holder()?.id === id) store.removeItem(LOCK_KEY)
    }
  }
}

function readHolder(store: Store): { id: string; until: number } | null {
  try {
    const held: unknown = JSON.parse(store.getItem(LOCK_KEY) ?? 'null')
    if (typeof held !== 'object' || held === null) return null
    const { id, until } = held as { id?: unknown; until?: unknown }
    return typeof id === 'string' && typeof until === 'number' ? { id, until } : null
  } catch {
    return null
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Whether there are other tabs: each holds a lock that it shares with the others as long as it lives. */
export function tabCounter(locks: LockManager | undefined): () => Promise<boolean> {
  if (!locks) return async () => false
  return async () => {
    const { held = [] } = await locks.query()
    void locks.request(TAB_LOCK, { mode: 'shared' }, () => new Promise<never>(() => undefined))
    return held.some(({ name }) => name === TAB_LOCK)
  }
}

export interface Channel {
  post: (message: Message) => void
  /** Says what the other tabs post, never what this one does. */
  listen: (hear: (message: Message) => void) => void
}

/** Everything, by BroadcastChannel: from memory to memory. */
export function channelByBroadcast(): Channel {
  const channel = new BroadcastChannel(CHANNEL)
  return {
    post: (message) => channel.postMessage(message),
    listen: (hear) => channel.addEventListener('message', ({ data }: MessageEvent<Message>) => hear(data)),
  }
}

interface StorageEvents {
  addEventListener: (
    type: 'storage',
    listener: (event: { key: string | null; newValue: string | null }) => void,
  ) => void
}

/** Only what anybody may read, by storage. */
export function channelByStorage(store: Store, events: StorageEvents): Channel {
  let count = 0
  return {
    post: (message) => {
      const said = withoutToken(message)
      count += 1
      // The number makes the same news a change again, without which there would be no event.
      if (said) store.setItem(NEWS_KEY, JSON.stringify({ said, at: Date.now(), count }))
    },
    listen: (hear) =>
      events.addEventListener('storage', ({ key, newValue }) => {
        if (key === NEWS_KEY && newValue !== null) hear((JSON.parse(newValue) as { said: Message }).said)
      }),
  }
}

function withoutToken(message: Message): Message | null {
  if (message.type === 'hello') return null
  return message.type === 'granted' ? { type: 'changed', userId: message.grant.user.id } : message
}

/** What all tabs remember, in their shared storage. */
export function memoryIn(store: Store): Memory {
  return {
    get lastActive() {
      const stored = Number(store.getItem(ACTIVE_KEY) ?? Number.NaN)
      return Number.isFinite(stored) ? stored : null
    },
    set lastActive(at) {
      if (at === null) store.removeItem(ACTIVE_KEY)
      else store.setItem(ACTIVE_KEY, String(at))
    },
    get isLeaving() {
      return store.getItem(LEAVING_KEY) !== null
    },
    set isLeaving(is) {
      if (is) store.setItem(LEAVING_KEY, 'yes')
      else store.removeItem(LEAVING_KEY)
    },
  }
}

/** Calls back when another tab has written down that somebody is active. */
export function onActivityElsewhere(events: StorageEvents, changed: () => void): void {
  events.addEventListener('storage', ({ key }) => {
    if (key === ACTIVE_KEY) changed()
  })
}

/** A store for browsers that forbid theirs: then each tab remembers for itself. */
export function storeOfThisTab(): Store {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}
