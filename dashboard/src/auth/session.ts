/**
 * The session of one tab among others. The access token is in memory only; the refresh token is in a cookie that no
 * script can read. One tab refreshes for all: it holds a lock meanwhile and tells the others what came of it.
 *
 * Requests ask for `access()`. When there is no good token, they wait: for a refresh, or, if that was refused, until the
 * person has signed in again over the page, so that nothing they typed is lost. A lost network never signs anybody out.
 *
 * All that is the browser's comes in through `Ports`.
 */
import { networkError } from '../api/problem'
import { IdleWatch } from './idle-watch'
import {
  HELLO_MS,
  NEWS_MS,
  RENEW_AHEAD_MS,
  RENEW_JITTER_MS,
  RETRY_FIRST_MS,
  RETRY_LONGEST_MS,
  TOO_LATE_MS,
} from './limits'
import {
  type Access,
  type Answer,
  isRefusal,
  isSame,
  type Message,
  type Ports,
  type Refused,
  SignedOutError,
  type Timer,
  toGrant,
} from './ports'
import { type Grant, type News, reduce, START, type State } from './state'

type Outcome = 'granted' | 'refused' | 'unreachable'

/** A small observable store; `subscribe` and `snapshot` fit `useSyncExternalStore`. */
export class Session {
  #state: State = START
  #listeners = new Set<() => void>()
  #refreshing: Promise<Outcome> | null = null
  #leaving: Promise<void> | null = null
  #renewTimer: Timer
  #renewAt = Number.POSITIVE_INFINITY
  #retryTimer: Timer
  #failures = 0
  readonly #idle: IdleWatch
  readonly #ports: Ports

  constructor(ports: Ports) {
    this.#ports = ports
    this.#idle = new IdleWatch({
      memory: ports.memory,
      isHere: () => this.#isWatched(),
      isWarned: () => this.#state.status === 'signed_in' && this.#state.idleEndsAt !== null,
      warn: (idleEndsAt) => this.#apply({ type: 'watched', idleEndsAt }),
      end: () => this.#endIdle(),
    })
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  snapshot = (): State => this.#state

  /** The token, good or not; for sockets, whose server says when it is not. */
  get token(): string | null {
    return this.#state.status === 'signed_in' ? this.#state.token : null
  }

  /** Finds out whether somebody is signed in: from another tab if there is one, else from the server. */
  async start(): Promise<void> {
    const { memory } = this.#ports
    if (this.#idle.isOver) memory.isLeaving = true
    if (!memory.isLeaving && (await this.#ports.hasOtherTabs())) {
      this.#ports.post({ type: 'hello' })
      await this.#nextChange(HELLO_MS)
    }
    if (this.#state.status !== 'starting') return
    await (memory.isLeaving ? this.#leave() : this.#refresh())
  }

  /** A token to send, once there is one. `refused` is one that the server would not take. */
  async access(refused?: Refused): Promise<Access> {
    let userId = refused?.userId
    for (;;) {
      const state = this.#state
      if (state.status === 'signed_out') throw new SignedOutError()
      if (state.status === 'signed_in') {
        userId ??= state.user.id
        if (state.user.id !== userId) throw new SignedOutError()
        if (state.ended === null) {
          const isGood = state.token !== refused?.token && Date.now() < state.expiresAt - TOO_LATE_MS
          if (isGood) return { token: state.token, userId }
          return this.#renewedAccess(userId, await this.#refresh(), refused)
        }
      }
      await this.#nextChange()
    }
  }

  /** After a refresh: what it brought, or, if it was refused, what a new sign-in brings. */
  #renewedAccess(userId: string, outcome: Outcome, refused: Refused | undefined): Promise<Access> | Access {
    if (outcome === 'unreachable') throw networkError()
    const state = this.#state
    if (state.status === 'signed_in' && state.ended === null && state.user.id === userId)
      return { token: state.token, userId }
    return this.access({ token: refused?.token ?? '', userId })
  }

  /** Waits for what is under way and brings a cookie or takes one: it must not come after that of a new sign-in. */
  async settled(): Promise<void> {
    await Promise.all([this.#refreshing, this.#leaving])
  }

  /** Somebody has signed in, in this tab. */
  signIn(answer: Answer): void {
    const { memory } = this.#ports
    memory.lastActive = Date.now()
    memory.isLeaving = false
    this.#take(toGrant(answer, Date.now()))
  }

  /** The person has proved again who they are: the same one, with a fresher token. */
  stepUp(answer: Omit<Answer, 'user'>, askedAt: number): void {
    if (this.#state.status === 'signed_in')
      this.#take(toGrant({ ...answer, user: this.#state.user }, askedAt))
  }

  /** Their name or role has changed: asks for a token that says so. */
  renew(): Promise<unknown> {
    return this.#refresh()
  }

  /** Ends the session in all tabs. The server hears of it as soon as it can be reached. */
  signOut(): Promise<void> {
    const at = Date.now()
    this.#ports.memory.isLeaving = true
    this.#ports.memory.lastActive = null
    this.#apply({ type: 'left', at })
    this.#ports.post({ type: 'left', at })
    return this.#leave()
  }

  /** The server has ended the session already: nothing is left to tell it. */
  forget(): void {
    const at = Date.now()
    this.#ports.memory.lastActive = null
    this.#apply({ type: 'left', at })
    this.#ports.post({ type: 'left', at })
  }

  /** The browser goes to another site to sign in, and comes back with a cookie. */
  expectSignIn(): void {
    this.#ports.memory.lastActive = Date.now()
    this.#ports.memory.isLeaving = false
  }

  /** Another tab has news. */
  hear(message: Message): void {
    if (message.type === 'hello') this.#answerHello()
    else if (message.type === 'changed') this.#hearOfChange(message.userId)
    else this.#apply(message)
  }

  /** The person did something. */
  touch(): void {
    this.#idle.touch()
  }

  /** The answer to the warning: they are there. */
  stay(): void {
    if (!this.#isWatched()) return
    this.#idle.setActive()
    this.#renewIfDue()
  }

  /** Counts as active until the returned function is called: a class looks at the page, though nobody touches it. */
  hold(): () => void {
    return this.#idle.hold()
  }

  /** The tab is looked at again, or the network is back. */
  wake(): void {
    this.#idle.look()
    this.#renewIfDue()
    if (this.#retryTimer !== undefined) this.retryNow()
  }

  /** Tries again without waiting out the pause. */
  retryNow(): void {
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    const state = this.#state
    if (this.#ports.memory.isLeaving) void this.#leave()
    else if (state.status !== 'signed_out' && state.isOffline) void this.#refresh()
  }

  /** Another tab may have remembered that somebody is there. */
  watchIdle(): void {
    this.#idle.look()
  }

  #refresh(): Promise<Outcome> {
    this.#refreshing ??= this.#refreshForAll().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #refreshForAll(): Promise<Outcome> {
    const before = this.#state
    let outcome: Outcome | null = null
    await this.#ports.exclusively(async (hasWaited) => {
      if (hasWaited && isSame(this.#state, before)) await this.#nextChange(NEWS_MS)
      if (isSame(this.#state, before)) outcome = await this.#askServer()
    })
    if (outcome !== null) return outcome
    return this.#state.status === 'signed_in' && this.#state.ended === null ? 'granted' : 'refused'
  }

  async #askServer(): Promise<Outcome> {
    const askedAt = Date.now()
    try {
      this.#take(toGrant(await this.#ports.refresh(), askedAt))
      return 'granted'
    } catch (error) {
      if (!isRefusal(error)) {
        this.#retryLater()
        this.#apply({ type: 'unreachable' })
        return 'unreachable'
      }
      this.#apply({ type: 'refused', askedAt })
      this.#ports.post({ type: 'refused', askedAt })
      return 'refused'
    }
  }

  /** Uses the grant and tells the others, unless it came too late to be of use. */
  #take(grant: Grant): void {
    this.#apply({ type: 'granted', grant })
    if (this.token === grant.token) this.#ports.post({ type: 'granted', grant })
  }

  #leave(): Promise<void> {
    this.#leaving ??= this.#tellServer().finally(() => {
      this.#leaving = null
    })
    return this.#leaving
  }

  async #tellServer(): Promise<void> {
    try {
      await this.#ports.logout()
    } catch (error) {
      if (!isRefusal(error)) {
        this.#retryLater()
        this.#apply({ type: 'unreachable' })
        return
      }
    }
    this.#failures = 0
    // Somebody may have signed in meanwhile.
    if (!this.#ports.memory.isLeaving) return
    this.#ports.memory.isLeaving = false
    const wasIdle = this.#ports.memory.lastActive !== null
    this.#ports.memory.lastActive = null
    if (this.#state.status === 'starting') this.#apply({ type: wasIdle ? 'idled' : 'left', at: Date.now() })
  }

  #endIdle(): void {
    const at = Date.now()
    this.#ports.memory.isLeaving = true
    this.#apply({ type: 'idled', at })
    this.#ports.post({ type: 'idled', at })
    void this.#leave()
  }

  #retryLater(): void {
    clearTimeout(this.#retryTimer)
    const longest = Math.min(RETRY_FIRST_MS * 2 ** this.#failures, RETRY_LONGEST_MS)
    this.#failures += 1
    this.#retryTimer = setTimeout(() => this.retryNow(), longest * (0.5 + this.#ports.random() / 2))
  }

  #answerHello(): void {
    const state = this.#state
    if (state.status !== 'signed_in' || state.ended !== null || Date.now() >= state.expiresAt - TOO_LATE_MS)
      return
    const { token, expiresAt, askedAt, user } = state
    this.#ports.post({ type: 'granted', grant: { token, expiresAt, askedAt, user } })
  }

  #hearOfChange(userId: string): void {
    const state = this.#state
    const isKnown = state.status === 'signed_in' && state.ended === null && state.user.id === userId
    if (!isKnown && !this.#ports.memory.isLeaving) void this.#refresh()
  }

  #isWatched(): boolean {
    return this.#state.status === 'signed_in' && this.#state.ended === null
  }

  #apply(news: News): void {
    const state = reduce(this.#state, news)
    if (state === this.#state) return
    const before = this.#state
    this.#state = state
    if (!isSame(before, state)) this.#plan()
    for (const listener of [...this.#listeners]) listener()
  }

  /** After who is signed in, or with which token, has changed: when to renew it, and whom to watch. */
  #plan(): void {
    clearTimeout(this.#renewTimer)
    this.#renewAt = Number.POSITIVE_INFINITY
    if (this.#state.status === 'signed_in' && this.#state.ended === null) {
      this.#failures = 0
      this.#renewAt = this.#state.expiresAt - RENEW_AHEAD_MS - this.#ports.random() * RENEW_JITTER_MS
      this.#renewTimer = setTimeout(() => this.#renewIfDue(), Math.max(0, this.#renewAt - Date.now()))
    }
    this.#idle.look()
  }

  /** A tab that nobody looks at lets its token run out; the next request or look renews it. */
  #renewIfDue(): void {
    if (Date.now() < this.#renewAt) return
    if (this.#ports.isVisible() || this.#idle.isHeld) void this.#refresh()
  }

  /** Resolves when the state has changed, or after `withinMs`. */
  #nextChange(withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(() => done(), withinMs)
      const stop = this.subscribe(() => done())
      const done = () => {
        clearTimeout(timer)
        stop()
        resolve()
      }
    })
  }
}
