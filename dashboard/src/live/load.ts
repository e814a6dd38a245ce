/** Reading a class room over HTTP: the snapshot a page starts from, and the log that fills what it missed. */
import { api, unwrap } from '../api/client'
import { type Missed, readMissed } from '../realtime/replay'
import { type LeaderboardUpdate, type LiveEvent, readEvent } from './events'
import type { Snapshot } from './reducer'

/** As many as the server gives at once; a longer absence takes several pages. */
const REPLAY_PAGE = 200

/**
 * The state of the class now. The leaderboard comes first because it says up to which event it holds: whatever happens
 * while the rest is being read has a higher number and is replayed, so no event can fall between two requests.
 */
export async function loadSnapshot(classId: string): Promise<Snapshot> {
  const path = { class_id: classId }
  const all = await unwrap(
    api.GET('/api/v1/classes/{class_id}/leaderboard', { params: { path, query: { window: 'all' } } }),
  )
  const [seats, sessions] = await Promise.all([
    unwrap(api.GET('/api/v1/classes/{class_id}/seats', { params: { path } })),
    unwrap(api.GET('/api/v1/classes/{class_id}/live-sessions', { params: { path } })),
  ])
  const session = sessions.items[0] ?? null
  const allBoard = { as_of_seq: all.as_of_seq, session_id: null, window: 'all' as const, items: all.items }
  if (session === null) {
    return {
      seq: all.as_of_seq,
      seats: seats.items,
      session,
      rows: [],
      boards: { session: null, all: allBoard },
    }
  }
  const [results, sessionBoard] = await Promise.all([
    loadResults(classId, session.id),
    loadSessionBoard(classId, session.id),
  ])
  const boards = { session: sessionBoard, all: allBoard }
  return { seq: all.as_of_seq, seats: seats.items, session, rows: results.rows, boards }
}

/** The table of one session. */
export function loadResults(classId: string, sessionId: string) {
  return unwrap(
    api.GET('/api/v1/classes/{class_id}/results', {
      params: { path: { class_id: classId }, query: { session_id: sessionId } },
    }),
  )
}

/** The board of the newest session, which is `sessionId`. */
export async function loadSessionBoard(classId: string, sessionId: string): Promise<LeaderboardUpdate> {
  const board = await unwrap(
    api.GET('/api/v1/classes/{class_id}/leaderboard', {
      params: { path: { class_id: classId }, query: { window: 'session' } },
    }),
  )
  return { as_of_seq: board.as_of_seq, session_id: sessionId, window: 'session', items: board.items }
}

/** Everything after `after`, in order. */
export function loadMissed(classId: string, after: number): Promise<Missed<LiveEvent>> {
  return readMissed(after, async (last) => {
    const query = { after: last, limit: REPLAY_PAGE }
    const page = await unwrap(
      api.GET('/api/v1/classes/{class_id}/events', { params: { path: { class_id: classId }, query } }),
    )
    return { ...page, items: page.items.map(({ seq, type, data }) => readEvent(seq, type, data)) }
  })
}
