/**
 * Who is signed in, in this tab. The access token lives in memory and in sessionStorage (so that a reload keeps it and
 * closing the tab forgets it). When it runs out, requests wait in `renewed()` while the page stays as it is and a dialog
 * asks for the password; then they go on with the new token, so nothing a teacher typed is lost.
 */
import type { User } from '../api/types'

const STORAGE_KEY = 'toolboxai.session'

export interface SignedIn {
  token: string
  user: User
}

export interface SessionState {
  signedIn: SignedIn | null
  /** The server refused the token: ask for the password again, over the page. */
  expired: boolean
}

type Waiter = { resolve: () => void; reject: (reason: Error) => void }

const SIGNED_OUT: SessionState = { signedIn: null, expired: false }

/** Thrown to requests that were waiting for a new sign-in when the user chose to sign out instead. */
export class SignedOutError extends Error {
  constructor() {
    super('Signed out.')
    this.name = 'SignedOutError'
  }
}

/** A small observable store; `subscribe` and `snapshot` fit `useSyncExternalStore`. */
export class Session {
  #state: SessionState
  #listeners = new Set<() => void>()
  #waiters: Waiter[] = []
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>) {
    this.#storage = storage
    const signedIn = readStored(storage)
    this.#state = signedIn ? { signedIn, expired: false } : SIGNED_OUT
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  snapshot = (): SessionState => this.#state

  get token(): string | null {
    return this.#state.signedIn?.token ?? null
  }

  signIn(signedIn: SignedIn): void {
    this.#storage.setItem(STORAGE_KEY, JSON.stringify(signedIn))
    this.#set({ signedIn, expired: false })
    for (const waiter of this.#takeWaiters()) waiter.resolve()
  }

  signOut(): void {
    this.#storage.removeItem(STORAGE_KEY)
    this.#set(SIGNED_OUT)
    for (const waiter of this.#takeWaiters()) waiter.reject(new SignedOutError())
  }

  /** Says that `token` was refused. Resolves once there is another one; at once if there already is. */
  renewed(token: string | null): Promise<void> {
    if (this.#state.signedIn === null) return Promise.reject(new SignedOutError())
    if (token !== this.token && !this.#state.expired) return Promise.resolve()
    if (!this.#state.expired) this.#set({ ...this.#state, expired: true })
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  #takeWaiters(): Waiter[] {
    const waiters = this.#waiters
    this.#waiters = []
    return waiters
  }

  #set(state: SessionState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

function readStored(storage: Pick<Storage, 'getItem'>): SignedIn | null {
  try {
    const stored: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? 'null')
    return isSignedIn(stored) ? stored : null
  } catch {
    return null
  }
}

function isSignedIn(value: unknown): value is SignedIn {
  if (typeof value !== 'object' || value === null) return false
  const { token, user } = value as Partial<SignedIn>
  return typeof token === 'string' && typeof user?.display_name === 'string'
}
