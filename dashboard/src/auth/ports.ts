/** What a session needs from the browser and the server, what tabs tell each other, and what requests get of it. */
import { ApiError } from '../api/problem'
import type { User } from '../api/types'
import type { Grant, State } from './state'

/** What a sign-in, a refresh or a step-up answers. */
export interface Answer {
  access_token: string
  expires_in: number
  user: User
}

/** What tabs tell each other. `changed` is all that may be said where everybody could read it. */
export type Message =
  | { type: 'hello' }
  | { type: 'granted'; grant: Grant }
  | { type: 'changed'; userId: string }
  | { type: 'refused'; askedAt: number }
  | { type: 'left'; at: number }
  | { type: 'idled'; at: number }

/** What all tabs remember, also over a reload. Never a token. */
export interface Memory {
  lastActive: number | null
  /** Somebody signed out, but the server has not confirmed it: before anything else it must hear of it. */
  isLeaving: boolean
}

export interface Ports {
  refresh: () => Promise<Answer>
  logout: () => Promise<void>
  /** Runs while no other tab does; says whether another one had to be waited for. */
  exclusively: (run: (hasWaited: boolean) => Promise<void>) => Promise<void>
  hasOtherTabs: () => Promise<boolean>
  post: (message: Message) => void
  memory: Memory
  isVisible: () => boolean
  random: () => number
}

/** A token, and whose: a request that was made for one person is never sent for another. */
export interface Access {
  token: string
  userId: string
}

/** A token that the server would not take; whoever does not know whose it was leaves that out. */
export type Refused = Pick<Access, 'token'> & Partial<Access>

/** Thrown to requests of somebody who is not signed in any more. */
export class SignedOutError extends Error {
  constructor() {
    super('Signed out.')
    this.name = 'SignedOutError'
  }
}

/** A timer that may not run. */
export type Timer = ReturnType<typeof setTimeout> | undefined

export function toGrant(answer: Answer, askedAt: number): Grant {
  const { access_token: token, expires_in, user } = answer
  return { token, user, askedAt, expiresAt: Date.now() + expires_in * 1_000 }
}

/** Whether the same token, or the same lack of one, is all there is. */
export function isSame(a: State, b: State): boolean {
  if (a.status !== 'signed_in' || b.status !== 'signed_in') return a.status === b.status
  return a.token === b.token && a.ended === b.ended
}

/** The server's own "no". A school's proxy that answers in its place, or a busy server, is no answer. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.code === 'unknown') return false
  return error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429
}
