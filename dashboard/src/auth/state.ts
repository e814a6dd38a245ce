/**
 * What a tab knows about who is signed in, and how news changes it. Pure: no clock, no network, no browser.
 *
 * Every access token carries when it was asked for. News that were asked for before what the tab already knows (a refresh
 * that was under way while somebody signed out, or signed in as somebody else) change nothing.
 */
import type { User } from '../api/types'

/** An access token and whose it is. */
export interface Grant {
  token: string
  /** By this browser's clock. */
  expiresAt: number
  /** When the request that brought it was sent. */
  askedAt: number
  user: User
}

/** Why a person must prove again who they are: the server has ended the session, or nobody was there for too long. */
export type Ending = 'expired' | 'idle'

/** Not known yet whether somebody is signed in. */
export interface Starting {
  status: 'starting'
  isOffline: boolean
}

/** Nobody is signed in. */
export interface SignedOut {
  status: 'signed_out'
  since: number
  /** Ended by idle time rather than by a person. */
  wasIdle: boolean
}

/** Somebody is. */
export interface SignedIn extends Grant {
  status: 'signed_in'
  /** The token could not be renewed, as the server did not answer. It is tried again. */
  isOffline: boolean
  /** The page stays as it is until they have signed in again. */
  ended: Ending | null
  /** They were asked whether they are still there; at this time the session ends. */
  idleEndsAt: number | null
}

export type State = Starting | SignedOut | SignedIn

export type News =
  | { type: 'granted'; grant: Grant }
  /** A refresh that was sent at `askedAt` was refused. */
  | { type: 'refused'; askedAt: number }
  | { type: 'unreachable' }
  | { type: 'left'; at: number }
  | { type: 'idled'; at: number }
  | { type: 'watched'; idleEndsAt: number | null }

export const START: State = { status: 'starting', isOffline: false }

/** The state after the news; the very same object if they change nothing. */
export function reduce(state: State, news: News): State {
  switch (news.type) {
    case 'granted':
      return granted(state, news.grant)
    case 'refused':
      return refused(state, news.askedAt)
    case 'unreachable':
      return state.status === 'signed_out' || state.isOffline ? state : { ...state, isOffline: true }
    case 'left':
      return news.at < knownSince(state) ? state : { status: 'signed_out', since: news.at, wasIdle: false }
    case 'idled':
      return idled(state, news.at)
    case 'watched':
      if (state.status !== 'signed_in' || state.idleEndsAt === news.idleEndsAt) return state
      return { ...state, idleEndsAt: news.idleEndsAt }
  }
}

function granted(state: State, grant: Grant): State {
  if (grant.askedAt < knownSince(state)) return state
  if (state.status !== 'signed_in')
    return { ...grant, status: 'signed_in', isOffline: false, ended: null, idleEndsAt: null }
  if (grant.token === state.token) return state
  const isSame = state.user.id === grant.user.id && state.ended === null
  const idleEndsAt = isSame ? state.idleEndsAt : null
  return { ...grant, status: 'signed_in', isOffline: false, ended: null, idleEndsAt }
}

function refused(state: State, askedAt: number): State {
  if (state.status === 'starting') return { status: 'signed_out', since: askedAt, wasIdle: false }
  if (state.status === 'signed_out' || state.ended !== null || askedAt < state.askedAt) return state
  return { ...state, ended: 'expired', isOffline: false, idleEndsAt: null }
}

/** The token is forgotten at once: whoever comes by finds nothing to use. */
function idled(state: State, at: number): State {
  if (at < knownSince(state)) return state
  if (state.status !== 'signed_in') return { status: 'signed_out', since: at, wasIdle: true }
  return { ...state, token: '', askedAt: at, ended: 'idle', isOffline: false, idleEndsAt: null }
}

function knownSince(state: State): number {
  if (state.status === 'starting') return 0
  return state.status === 'signed_out' ? state.since : state.askedAt
}

/** When the person has to be warned and when the session ends, after their last activity. */
export interface IdleTimes {
  warnsMs: number
  endsMs: number
}

export type IdlePhase =
  | { phase: 'active'; changesAt: number }
  | { phase: 'warned'; changesAt: number }
  | { phase: 'over' }

/** How idle a person is at `now` who last did something at `lastActive`. */
export function idlePhase(lastActive: number, now: number, { warnsMs, endsMs }: IdleTimes): IdlePhase {
  const idleMs = now - lastActive
  if (idleMs >= endsMs) return { phase: 'over' }
  if (idleMs >= warnsMs) return { phase: 'warned', changesAt: lastActive + endsMs }
  return { phase: 'active', changesAt: lastActive + warnsMs }
}
