import { describe, expect, it } from 'vitest'
import type { LiveSession, Seat } from '../api/types'
import { hasGap } from '../realtime/replay'
import { type LiveEvent, readChannelEvent, readEvent } from './events'
import { EMPTY_STATE, type LiveAction, type LiveState, reduce, type Snapshot, shownBoard } from './reducer'
import { openQuestions, SILENCE_MS, stuckReason } from './stuck'

const seat = (id: string, over: Partial<Seat> = {}): Seat => ({
  id,
  display_name: id,
  status: 'active',
  xp: 0,
  level: 1,
  online: true,
  progress: null,
  ...over,
})

const session = (over: Partial<LiveSession> = {}): LiveSession => ({
  id: 'ses_1',
  class_id: 'cls_1',
  quiz_id: 'qz_1',
  quiz_version: 1,
  quiz_title: 'Fractions',
  pace: 'self',
  status: 'running',
  frozen: false,
  time_limit_s: null,
  max_attempts: 1,
  question_count: 3,
  question_index: null,
  created_at: '2026-11-21T10:00:00.000Z',
  started_at: '2026-11-21T10:00:00.000Z',
  ends_at: null,
  ended_at: null,
  ...over,
})

const snapshot = (over: Partial<Snapshot> = {}): Snapshot => ({
  seq: 0,
  seats: [seat('a'), seat('b')],
  session: session(),
  rows: [],
  boards: { session: null, all: null },
  ...over,
})

const answered = (
  seq: number,
  seatId: string,
  questionId: string,
  correct: boolean,
  attempt = 1,
): LiveEvent => ({
  seq,
  kind: 'progress_update',
  data: {
    session_id: 'ses_1',
    answers: [
      {
        seat_id: seatId,
        question_id: questionId,
        correct,
        points: correct ? 10 : 0,
        xp_gained: correct ? 10 : 0,
        xp: seq * 10,
        level: 2,
        ms: 1500,
        attempt,
      },
    ],
    progress: [],
  },
})

const board = (as_of_seq: number, window: 'session' | 'all') => ({
  as_of_seq,
  session_id: 'ses_1',
  window,
  items: [],
})

const arrived = (event: LiveEvent, at = 0): LiveAction => ({ type: 'arrived', event, at })

const fold = (...actions: LiveAction[]): LiveState =>
  actions.reduce(reduce, reduce(EMPTY_STATE, { type: 'loaded', snapshot: snapshot(), at: 0 }))

const cell = (state: LiveState, seatId: string, questionId: string) =>
  state.answers.get(seatId)?.get(questionId)

describe('the fold over numbered events', () => {
  it('an answer fills its cell and raises the XP of the seat', () => {
    const state = fold(arrived(answered(1, 'a', 'q_1', true)))
    expect(cell(state, 'a', 'q_1')).toEqual({ correct: true, points: 10, ms: 1500, attempt: 1 })
    expect(state.seats.get('a')).toMatchObject({ xp: 10, level: 2 })
  })

  it('an event that comes twice changes nothing the second time', () => {
    const once = fold(arrived(answered(1, 'a', 'q_1', true)))
    expect(reduce(once, arrived(answered(1, 'a', 'q_1', true)))).toBe(once)
  })

  it('an event that comes late is dropped', () => {
    const state = fold(arrived(answered(1, 'a', 'q_1', false)), arrived(answered(2, 'a', 'q_1', true, 2)))
    expect(reduce(state, arrived(answered(1, 'a', 'q_1', false)))).toBe(state)
    expect(cell(state, 'a', 'q_1')?.correct).toBe(true)
  })

  it('an event that comes early waits for the ones before it', () => {
    const early = fold(arrived(answered(2, 'a', 'q_1', true, 2)))
    expect(hasGap(early)).toBe(true)
    expect(cell(early, 'a', 'q_1')).toBeUndefined()
    const filled = reduce(early, arrived(answered(1, 'a', 'q_1', false)))
    expect(hasGap(filled)).toBe(false)
    expect(filled.seq).toBe(2)
    expect(cell(filled, 'a', 'q_1')).toMatchObject({ correct: true, attempt: 2 })
  })

  it('any order of arrival, with repeats, gives the same state', () => {
    const events = [
      answered(1, 'a', 'q_1', false),
      answered(2, 'b', 'q_1', true),
      answered(3, 'a', 'q_1', true, 2),
      answered(4, 'b', 'q_2', false),
    ]
    const inOrder = fold(...events.map((event) => arrived(event)))
    for (const order of permutations(events)) {
      const state = fold(...order.flatMap((event) => [arrived(event), arrived(event)]))
      expect(state).toEqual(inOrder)
    }
  })

  it('a replay of the log fills the gap, and the events that waited follow', () => {
    const state = fold(arrived(answered(3, 'b', 'q_1', true)), {
      type: 'replayed',
      events: [answered(1, 'a', 'q_1', true), answered(2, 'a', 'q_2', true)],
      upTo: 2,
      at: 0,
    })
    expect(state.seq).toBe(3)
    expect(hasGap(state)).toBe(false)
    expect(cell(state, 'b', 'q_1')?.correct).toBe(true)
  })

  it('a replay that overlaps what arrived meanwhile counts nothing twice', () => {
    const state = fold(arrived(answered(1, 'a', 'q_1', true)), arrived(answered(2, 'a', 'q_2', true)))
    const again = reduce(state, {
      type: 'replayed',
      events: [answered(1, 'a', 'q_1', false)],
      upTo: 2,
      at: 0,
    })
    expect(cell(again, 'a', 'q_1')?.correct).toBe(true)
    expect(again.seq).toBe(2)
  })

  it('an event of an unknown kind keeps the numbering whole', () => {
    const unknown = readEvent(1, 'of_tomorrow', { seq: 1 })
    const state = fold(arrived(unknown), arrived(answered(2, 'a', 'q_1', true)))
    expect(hasGap(state)).toBe(false)
    expect(state.seq).toBe(2)
  })

  it('when the place in the log is unknown the next event sets it', () => {
    const start = reduce(EMPTY_STATE, { type: 'loaded', snapshot: snapshot({ seq: null }), at: 0 })
    const state = reduce(start, arrived(answered(41, 'a', 'q_1', true)))
    expect(state.seq).toBe(41)
    expect(hasGap(state)).toBe(false)
  })

  it('seats come, change and are removed by their own event', () => {
    const state = fold(
      arrived({ seq: 1, kind: 'class_online', data: { seats: [seat('c', { status: 'pending' })] } }),
      arrived({ seq: 2, kind: 'class_online', data: { seats: [seat('c', { online: false })] } }),
    )
    expect(state.seats.get('c')).toMatchObject({ status: 'active', online: false })
    expect(state.seats.size).toBe(3)
  })

  it('another session starts with an empty grid', () => {
    const state = fold(
      arrived(answered(1, 'a', 'q_1', true)),
      arrived({ seq: 2, kind: 'quiz_update', data: { session: session({ id: 'ses_2' }) } }),
    )
    expect(state.answers.size).toBe(0)
    expect(state.session?.id).toBe('ses_2')
  })

  it('an answer of an earlier session raises XP but not the grid', () => {
    const state = fold(
      arrived({ seq: 1, kind: 'quiz_update', data: { session: session({ id: 'ses_2' }) } }),
      arrived(answered(2, 'a', 'q_1', true)),
    )
    expect(state.answers.size).toBe(0)
    expect(state.seats.get('a')?.xp).toBe(20)
  })

  it('an older leaderboard never replaces a newer one', () => {
    const state = fold(
      { type: 'ranked', leaderboard: board(9, 'session') },
      { type: 'ranked', leaderboard: board(4, 'session') },
    )
    expect(shownBoard(state)?.as_of_seq).toBe(9)
  })

  it('the board of a session stays after its end, until the next one is prepared', () => {
    const ended = fold(
      { type: 'ranked', leaderboard: board(3, 'session') },
      { type: 'ranked', leaderboard: board(5, 'all') },
      arrived({ seq: 1, kind: 'quiz_update', data: { session: session({ status: 'ended' }) } }),
    )
    expect(shownBoard(ended)?.window).toBe('session')
    const lobby = session({ id: 'ses_2', status: 'lobby' })
    const next = reduce(ended, arrived({ seq: 2, kind: 'quiz_update', data: { session: lobby } }))
    expect(shownBoard(next)?.window).toBe('all')
  })

  it('the cached word about the session never stands for the event whose number it has', () => {
    const state = fold({ type: 'session_seen', session: session({ status: 'paused' }), seq: 1, at: 0 })
    expect(state.session?.status).toBe('paused')
    expect(state.seq).toBe(0)
    const after = reduce(state, arrived(answered(1, 'a', 'q_1', true)))
    expect(cell(after, 'a', 'q_1')?.correct).toBe(true)
  })

  it('an older word about the session, out of the log or the cache, changes nothing', () => {
    const paused = session({ status: 'paused' })
    const state = fold(
      { type: 'session_seen', session: paused, seq: 3, at: 0 },
      { type: 'session_seen', session: session(), seq: 2, at: 0 },
      arrived({ seq: 1, kind: 'quiz_update', data: { session: session() } }),
    )
    expect(state.session?.status).toBe('paused')
    expect(state.seq).toBe(1)
  })

  it('XP from outside of an answer raises the seat', () => {
    const gained = readEvent(1, 'xp_gained', { seq: 1, seat_id: 'a', xp: 140, level: 3 })
    expect(fold(arrived(gained)).seats.get('a')).toMatchObject({ xp: 140, level: 3 })
    const stranger = readEvent(1, 'xp_gained', { seq: 1, seat_id: 'z', xp: 140, level: 3 })
    expect(fold(arrived(stranger)).seats.size).toBe(2)
  })

  it('badges and achievements are told, the newest five first', () => {
    const events = ['badge_earned', 'achievement_unlocked'].flatMap((name, index) =>
      [1, 2, 3].map((each) => readEvent(index * 3 + each, name, { seat_id: 'a', title: `${name} ${each}` })),
    )
    const state = fold(...events.map((event) => arrived(event)))
    expect(state.awards.map(({ seq }) => seq)).toEqual([6, 5, 4, 3, 2])
    expect(state.awards[0]).toEqual({ seq: 6, seat_id: 'a', title: 'achievement_unlocked 3' })
  })

  it.each([
    ['content_update', { class: { id: 'cls_1', name: '5b' } }, { class: { id: 'cls_1' }, game: null }],
    [
      'content_update',
      { game: { game_id: 'game_1', version: 2 } },
      { class: null, game: { game_id: 'game_1' } },
    ],
    ['content_update', { settings: { version: 3 } }, { class: null, game: null }],
  ])('%s says what is another now: %j', (name, data, read) => {
    expect(readEvent(7, name, data)).toEqual({ seq: 7, kind: name, data: read })
  })

  it.each(['xp_gained', 'badge_earned', 'achievement_unlocked', 'class_online', 'quiz_update'])(
    '%s without what it must have changes nothing but counts',
    (name) => {
      const state = fold(arrived(readEvent(1, name, { seat_id: 7, title: 7 })))
      expect(state).toEqual({ ...fold(), seq: 1 })
    },
  )

  it('foreign frames are no events', () => {
    expect(readChannelEvent('progress_update', null)).toBeNull()
    expect(readChannelEvent('progress_update', { seq: 'x' })).toBeNull()
    expect(readChannelEvent('quiz_update', { seq: 3, session: 7 })).toEqual({ seq: 3, kind: 'other' })
  })
})

describe('who is stuck', () => {
  const a = seat('a')
  const open = ['q_1', 'q_2', 'q_3']

  it('somebody with two wrong answers in a row is', () => {
    const state = fold(arrived(answered(1, 'a', 'q_1', false)), arrived(answered(2, 'a', 'q_2', false)))
    expect(stuckReason(state, a, open, 0)).toEqual({ kind: 'wrong_in_a_row', count: 2 })
  })

  it('a right answer ends it', () => {
    const state = fold(
      arrived(answered(1, 'a', 'q_1', false)),
      arrived(answered(2, 'a', 'q_2', false)),
      arrived(answered(3, 'a', 'q_2', true, 2)),
    )
    expect(stuckReason(state, a, open, 0)).toBeNull()
  })

  it('somebody silent for a minute is, unless they are done', () => {
    const state = fold(arrived(answered(1, 'a', 'q_1', true), 5_000))
    expect(stuckReason(state, a, open, 5_000 + SILENCE_MS - 1)).toBeNull()
    expect(stuckReason(state, a, open, 5_000 + SILENCE_MS)).toEqual({ kind: 'silent', seconds: 60 })
    const done = fold(
      ...['q_1', 'q_2', 'q_3'].map((question, index) => arrived(answered(index + 1, 'a', question, true))),
    )
    expect(stuckReason(done, a, open, SILENCE_MS * 2)).toBeNull()
  })

  it('in host pace only the question on show is waited for', () => {
    const hosted = session({ pace: 'host', question_index: 1 })
    expect(openQuestions(hosted, open)).toEqual(['q_2'])
    expect(openQuestions(session({ pace: 'host', question_index: null }), open)).toEqual([])
    expect(openQuestions(session(), open)).toEqual(open)
  })

  it('nobody is while the class is frozen, paused or over, nor who is away', () => {
    const silent = SILENCE_MS * 2
    for (const over of [{ frozen: true }, { status: 'paused' as const }, { status: 'ended' as const }]) {
      const state = reduce(EMPTY_STATE, {
        type: 'loaded',
        snapshot: snapshot({ session: session(over) }),
        at: 0,
      })
      expect(stuckReason(state, a, open, silent)).toBeNull()
    }
    expect(stuckReason(fold(), seat('a', { online: false }), open, silent)).toBeNull()
  })
})

function permutations<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items]
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  )
}
