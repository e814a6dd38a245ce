/** Reading a class room over HTTP: the snapshot a page starts from, and the log that fills what it missed. */
import { api, unwrap } from '../api/client'
import type { LiveSession } from '../api/types'
import { type LeaderboardUpdate, type LiveEvent, readEvent } from './events'
import type { Snapshot } from './reducer'

/** As many as the server gives at once; a longer absence takes several pages. */
const REPLAY_PAGE = 200

/**
 * The state of the class now. The leaderboard comes first because it says up to which event it holds: whatever happens
 * while the rest is being read has a higher number and is replayed, so no event can fall between two requests.
 */
export async function loadSnapshot(classId: string): Promise<Snapshot> {
  const path = { id: classId }
  const all = await unwrap(
    api.GET('/api/v1/classes/{id}/leaderboard', { params: { path, query: { window: 'all' } } }),
  )
  const [seats, sessions] = await Promise.all([
    unwrap(api.GET('/api/v1/classes/{id}/seats', { params: { path } })),
    unwrap(api.GET('/api/v1/classes/{id}/live-sessions', { params: { path } })),
  ])
  const session = sessions.items[0] ?? null
  const [rows, leaderboard] = session
    ? await Promise.all([loadRows(classId, session.id), loadSessionBoard(classId, session)])
    : [[], { as_of_seq: all.as_of_seq, session_id: null, window: 'all' as const, items: all.items }]
  return { seq: all.as_of_seq, seats: seats.items, session, rows, leaderboard }
}

async function loadRows(classId: string, sessionId: string): Promise<Snapshot['rows']> {
  return (await loadResults(classId, sessionId)).rows
}

/** The table of one session. */
export function loadResults(classId: string, sessionId: string) {
  return unwrap(
    api.GET('/api/v1/classes/{id}/results', {
      params: { path: { id: classId }, query: { session_id: sessionId } },
    }),
  )
}

async function loadSessionBoard(classId: string, session: LiveSession): Promise<LeaderboardUpdate> {
  const board = await unwrap(
    api.GET('/api/v1/classes/{id}/leaderboard', {
      params: { path: { id: classId }, query: { window: 'session' } },
    }),
  )
  return { as_of_seq: board.as_of_seq, session_id: session.id, window: 'session', items: board.items }
}

/** Everything after `after`, in order. Fails with status 410 when the log no longer reaches back so far. */
export async function loadEventsAfter(
  classId: string,
  after: number,
): Promise<{ events: LiveEvent[]; upTo: number }> {
  const events: LiveEvent[] = []
  let last = after
  for (;;) {
    const page = await unwrap(
      api.GET('/api/v1/classes/{id}/events', {
        params: { path: { id: classId }, query: { after: String(last), limit: REPLAY_PAGE } },
      }),
    )
    for (const item of page.items) {
      const event = readEvent(item.seq, item.type, item.data)
      if (event) events.push(event)
      last = Math.max(last, item.seq)
    }
    if (page.items.length === 0 || last >= page.last_seq)
      return { events, upTo: Math.max(last, page.last_seq) }
  }
}
