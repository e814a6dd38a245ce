/**
 * One room for all tabs of a browser: one of them leads, which has the socket and tells the others what comes. When it
 * is closed another one leads, connects, and every tab fetches what it missed in between, as after any lost connection.
 *
 * What is said between tabs may come twice or from a leader that does not know yet that it is none any more. Events are
 * numbered and so told apart by who reads them (`replay.ts`).
 */
import type { Connection } from './connection'
import type { Campaign, Candidate } from './leadership'
import type { RoomEvent, RoomListener } from './room'

export type Said =
  /** A tab that does not lead wants to know how things stand. */
  | { type: 'hello' }
  | { type: 'try_now' }
  | { type: 'changed'; connection: Connection }
  | { type: 'happened'; event: RoomEvent }

export interface Channel {
  post: (said: Said) => void
  listen: (hear: (said: Said) => void) => void
  close: () => void
}

export interface SharedPorts {
  /** Connects, for the tab that leads. */
  open: (listener: RoomListener) => { tryNow: () => void; close: () => void }
  campaign: Campaign
  channel: Channel
  isVisible: () => boolean
  /** Calls back when this tab is looked at again, until the returned function is called. */
  onVisible: (shown: () => void) => () => void
}

/** How often a tab that somebody looks at makes sure that its leader is awake. */
const CHECK_EVERY_MS = 10_000
/** A leader that says nothing for so long sleeps: a busy one answers late, but within this. */
const ANSWER_WITHIN_MS = 3_000

const isCache = ({ channel }: RoomEvent) => channel.startsWith('private-cache-')

/** A small observable store; `subscribe` and `snapshot` fit `useSyncExternalStore`. */
export class SharedRoom {
  #connection: Connection | null = null
  #leading: ReturnType<SharedPorts['open']> | null = null
  /** The last word of each cache channel, for tabs that come later. */
  readonly #kept = new Map<string, RoomEvent>()
  readonly #watchers = new Set<() => void>()
  readonly #readers = new Set<(event: RoomEvent) => void>()
  readonly #ports: SharedPorts
  readonly #candidate: Candidate
  readonly #checking: ReturnType<typeof setInterval>
  readonly #stopVisible: () => void
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(ports: SharedPorts) {
    this.#ports = ports
    ports.channel.listen((said) => this.#hear(said))
    this.#candidate = ports.campaign({ begin: () => this.#lead(), end: () => this.#follow() })
    this.#checking = setInterval(() => this.#check(), CHECK_EVERY_MS)
    this.#stopVisible = ports.onVisible(() => this.#check())
    ports.channel.post({ type: 'hello' })
  }

  /** `null` until this tab leads or has heard of one that does. */
  snapshot = (): Connection | null => this.#connection

  subscribe = (changed: () => void): (() => void) => {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  /** Calls back with each event, beginning with what the cache channels hold. */
  read(reader: (event: RoomEvent) => void): () => void {
    this.#readers.add(reader)
    for (const event of this.#kept.values()) reader(event)
    return () => this.#readers.delete(reader)
  }

  /** A person does not want to wait. */
  tryNow = (): void => {
    if (this.#leading) this.#leading.tryNow()
    else this.#ports.channel.post({ type: 'try_now' })
  }

  close(): void {
    clearInterval(this.#checking)
    clearTimeout(this.#silence)
    this.#stopVisible()
    this.#leading?.close()
    this.#leading = null
    this.#candidate.withdraw()
    this.#ports.channel.close()
  }

  #lead(): void {
    clearTimeout(this.#silence)
    this.#silence = undefined
    this.#leading = this.#ports.open({
      onChange: (connection) => {
        this.#change(connection)
        this.#ports.channel.post({ type: 'changed', connection })
      },
      onEvent: (event) => {
        this.#ports.channel.post({ type: 'happened', event })
        this.#take(event)
      },
    })
  }

  #follow(): void {
    this.#leading?.close()
    this.#leading = null
    this.#ports.channel.post({ type: 'hello' })
  }

  #hear(said: Said): void {
    if (this.#leading) {
      if (said.type === 'hello') this.#tellAll()
      if (said.type === 'try_now') this.#leading.tryNow()
      return
    }
    if (said.type === 'hello' || said.type === 'try_now') return
    clearTimeout(this.#silence)
    this.#silence = undefined
    if (said.type === 'changed') this.#change(said.connection)
    else this.#take(said.event)
  }

  #tellAll(): void {
    const { channel } = this.#ports
    for (const event of this.#kept.values()) channel.post({ type: 'happened', event })
    if (this.#connection) channel.post({ type: 'changed', connection: this.#connection })
  }

  /** A leader that does not answer, or let its next try pass, is asleep; somebody looks at this tab: it leads instead. */
  #check(): void {
    if (this.#leading || !this.#ports.isVisible()) return
    if (this.#isOverdue()) this.#candidate.take()
    this.#ports.channel.post({ type: 'hello' })
    this.#silence ??= setTimeout(() => {
      this.#silence = undefined
      if (this.#ports.isVisible()) this.#candidate.take()
    }, ANSWER_WITHIN_MS)
  }

  #isOverdue(): boolean {
    const phase = this.#connection?.phase
    return phase?.name === 'waiting' && Date.now() > phase.until + ANSWER_WITHIN_MS
  }

  #change(connection: Connection): void {
    this.#connection = connection
    for (const changed of [...this.#watchers]) changed()
  }

  #take(event: RoomEvent): void {
    if (isCache(event)) this.#kept.set(event.channel, event)
    for (const reader of [...this.#readers]) reader(event)
  }
}
