/**
 * The connection to one room as a state machine: what comes after what, and when. Pure: the time, chance and whether
 * there is a network come in with each event.
 *
 * Pusher's close codes (its WebSocket protocol, "Error codes") say whether a client comes back: 4000–4099 never by
 * itself, 4100–4199 after a pause, 4200–4299 at once. A network that breaks has no such code and is a pause as well.
 */
import { pauseAfter, shortPause } from './backoff'

/** Why the server will not have us. */
export type Refusal = 'not_allowed' | 'gone' | 'unsupported'

export type Phase =
  | { name: 'connecting' }
  /** Subscribed to everything; `since` tells one connection from the next. */
  | { name: 'live'; since: number }
  | { name: 'waiting'; until: number }
  /** The browser has no network; nothing is tried until it has. */
  | { name: 'offline' }
  | { name: 'refused'; why: Refusal }

export interface Connection {
  phase: Phase
  /** In a row. A connection that did not last is one too, so that an open door nobody gets through is no loop. */
  failures: number
  /** The token was renewed because it was refused; if the new one is refused as well, it is not the token's fault. */
  isTokenRenewed: boolean
}

export type ConnectionEvent =
  | { type: 'subscribed' }
  /** The socket closed with this code, or could not be opened. */
  | { type: 'lost'; code: number | null }
  /** The server answered with this status when it was asked to sign a subscription; `null`: it did not answer. */
  | { type: 'denied'; status: number | null }
  | { type: 'pause_over' }
  | { type: 'try_now' }
  | { type: 'went_offline' }
  | { type: 'came_online' }

export interface Moment {
  now: number
  random: number
  isOnline: boolean
}

/** A connection that lasted so long has worked. */
const LASTED_MS = 10_000

const APP_NOT_FOUND = 4001
const NOT_AUTHORIZED = 4009

/** Before anything has happened. */
export const start = ({ isOnline }: Pick<Moment, 'isOnline'>): Connection => ({
  phase: isOnline ? { name: 'connecting' } : { name: 'offline' },
  failures: 0,
  isTokenRenewed: false,
})

/** The connection after the event; the very same object if it changes nothing. */
export function step(connection: Connection, event: ConnectionEvent, moment: Moment): Connection {
  const { name } = connection.phase
  const isOpen = name === 'connecting' || name === 'live'
  switch (event.type) {
    case 'subscribed':
      return name === 'connecting' ? to(connection, { name: 'live', since: moment.now }) : connection
    case 'lost':
      return isOpen ? afterLoss(settled(connection, moment), event.code, moment) : connection
    case 'denied':
      return isOpen ? afterDenial(settled(connection, moment), event.status, moment) : connection
    case 'pause_over':
      return name === 'waiting' ? to(connection, { name: 'connecting' }) : connection
    case 'try_now':
      return isOpen ? connection : { ...to(connection, { name: 'connecting' }), isTokenRenewed: false }
    case 'went_offline':
      if (name === 'refused' || name === 'offline') return connection
      return { ...to(connection, { name: 'offline' }), failures: Math.max(1, connection.failures) }
    case 'came_online':
      return name === 'offline' ? waitFor(connection, shortPause(moment.random), moment) : connection
  }
}

const to = (connection: Connection, phase: Phase): Connection => ({ ...connection, phase })

const waitFor = (connection: Connection, pauseMs: number, { now }: Moment): Connection =>
  to(connection, { name: 'waiting', until: now + pauseMs })

/** What is held against a connection is forgotten once it has lasted. */
function settled(connection: Connection, { now }: Moment): Connection {
  const { phase } = connection
  const hasLasted = phase.name === 'live' && now - phase.since >= LASTED_MS
  return hasLasted ? { phase, failures: 0, isTokenRenewed: false } : connection
}

function afterLoss(connection: Connection, code: number | null, moment: Moment): Connection {
  if (code === NOT_AUTHORIZED) return withNewToken(connection)
  if (code === APP_NOT_FOUND) return to(connection, { name: 'refused', why: 'gone' })
  if (isIn(code, 4000)) return to(connection, { name: 'refused', why: 'unsupported' })
  return later(connection, moment, isIn(code, 4200))
}

/** The codes of one kind come in hundreds. */
const isIn = (code: number | null, first: number) => code !== null && code >= first && code < first + 100

function afterDenial(connection: Connection, status: number | null, moment: Moment): Connection {
  if (status === 401) return withNewToken(connection)
  if (status === 403 || status === 404) return to(connection, { name: 'refused', why: 'not_allowed' })
  return later(connection, moment, false)
}

function withNewToken(connection: Connection): Connection {
  if (connection.isTokenRenewed) return to(connection, { name: 'refused', why: 'not_allowed' })
  return { phase: { name: 'connecting' }, failures: connection.failures + 1, isTokenRenewed: true }
}

function later(connection: Connection, moment: Moment, isAtOnce: boolean): Connection {
  const failures = connection.failures + 1
  const failed = { ...connection, failures }
  if (!moment.isOnline) return to(failed, { name: 'offline' })
  const pauseMs = isAtOnce && failures === 1 ? shortPause(moment.random) : pauseAfter(failures, moment.random)
  return waitFor(failed, pauseMs, moment)
}
