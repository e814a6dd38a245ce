/**
 * What the class page shows, as a fold over the room's numbered events.
 *
 * Invariant: `state` contains exactly the events up to and including `seq`; `realtime/replay.ts` puts them in order.
 */
import type { LiveSession, Results, Seat } from '../api/types'
import { arrive, type Numbered, type Progress, replay, type Sequence } from '../realtime/replay'
import type { AnswerGraded, Award, LeaderboardUpdate, LiveEvent, ProgressUpdate, XpGained } from './events'

/** The answer of one seat to one question, as it counts now. */
export interface AnswerCell {
  correct: boolean
  points: number
  ms: number | null
  attempt: number
}

export interface LiveState extends Sequence<Arrived> {
  seats: ReadonlyMap<string, Seat>
  session: LiveSession | null
  /** The event up to which `session` is known; an older word about it changes nothing. */
  sessionSeq: number
  /** By seat, then by question. Of the current session only. */
  answers: ReadonlyMap<string, ReadonlyMap<string, AnswerCell>>
  /** By seat: when it last did something we saw, and how many answers in a row were wrong. */
  activity: ReadonlyMap<string, Activity>
  /** When the current question (host pace) or the session (self pace) opened, as far as this page saw it. */
  openedAt: number
  boards: Boards
  /** What pupils reached while this page looked on, the newest first. */
  awards: readonly (Award & { seq: number })[]
}

/** As many as a teacher can read out. */
const SHOWN_AWARDS = 5

/** The newest board of each window; which one is shown depends on the session (`shownBoard`). */
export interface Boards {
  session: LeaderboardUpdate | null
  all: LeaderboardUpdate | null
}

export interface Activity {
  lastAt: number
  wrongInARow: number
}

interface Arrived extends Numbered {
  event: LiveEvent
  at: number
}

/** What the server said about the class at one moment; `seq` is read before the rest, so nothing falls between. */
export interface Snapshot {
  seq: number | null
  seats: Seat[]
  session: LiveSession | null
  rows: Results['rows']
  boards: Boards
}

export type LiveAction =
  | { type: 'loaded'; snapshot: Snapshot; at: number }
  | { type: 'arrived'; event: LiveEvent; at: number }
  | { type: 'replayed'; events: LiveEvent[]; upTo: number; at: number }
  | { type: 'ranked'; leaderboard: LeaderboardUpdate }
  /** The room's cached word about the session. It has the number of the newest event but is not that event. */
  | { type: 'session_seen'; session: LiveSession; seq: number; at: number }
  /** What the server answered to a move of this page's own. */
  | { type: 'session_moved'; session: LiveSession; at: number }
  | { type: 'seat_moved'; seat: Seat }

export const EMPTY_STATE: LiveState = {
  seq: null,
  early: new Map(),
  seats: new Map(),
  session: null,
  sessionSeq: 0,
  answers: new Map(),
  activity: new Map(),
  openedAt: 0,
  boards: { session: null, all: null },
  awards: [],
}

/** The pure step from one state to the next. */
export function reduce(state: LiveState, action: LiveAction): LiveState {
  switch (action.type) {
    case 'loaded':
      return fromSnapshot(action.snapshot, action.at)
    case 'arrived':
      return advance(state, arrive(state, toArrived(action.event, action.at)))
    case 'replayed': {
      const events = action.events.map((event) => toArrived(event, action.at))
      return advance(state, replay(state, events, action.upTo))
    }
    case 'ranked':
      return rank(state, action.leaderboard)
    case 'session_seen':
      return seeSession(state, action.session, action.seq, action.at)
    case 'session_moved':
      return withSession(state, action.session, action.at)
    case 'seat_moved':
      return withSeats(state, [action.seat])
  }
}

function fromSnapshot(snapshot: Snapshot, at: number): LiveState {
  const answers = new Map<string, Map<string, AnswerCell>>()
  const activity = new Map<string, Activity>()
  for (const row of snapshot.rows) {
    const given = row.answers.filter((answer) => answer.attempts > 0)
    const cells = given.map(({ question_id, correct, points, ms, attempts }): [string, AnswerCell] => [
      question_id,
      { correct, points, ms: ms ?? null, attempt: attempts },
    ])
    answers.set(row.seat_id, new Map(cells))
    const lastRight = given.findLastIndex((answer) => answer.correct)
    activity.set(row.seat_id, { lastAt: at, wrongInARow: given.length - 1 - lastRight })
  }
  return {
    seq: snapshot.seq,
    early: new Map(),
    seats: new Map(snapshot.seats.map((seat) => [seat.id, seat])),
    session: snapshot.session,
    sessionSeq: snapshot.seq ?? 0,
    answers,
    activity,
    openedAt: at,
    boards: snapshot.boards,
    awards: [],
  }
}

const toArrived = (event: LiveEvent, at: number): Arrived => ({ seq: event.seq, event, at })

/** Goes on to a later place in the log, folding in what lies before it. */
function advance(state: LiveState, { seq, early, due }: Progress<Arrived>): LiveState {
  if (seq === state.seq && early === state.early) return state
  return due.reduce((next, { event, at }) => apply(next, event, at), { ...state, seq, early })
}

function apply(state: LiveState, event: LiveEvent, at: number): LiveState {
  switch (event.kind) {
    case 'class_online':
      return withSeats(state, event.data.seats)
    case 'quiz_update':
      return seeSession(state, event.data.session, event.seq, at)
    case 'progress_update':
      return withProgress(state, event.data, at)
    case 'xp_gained':
      return withXp(state, event.data)
    case 'badge_earned':
    case 'achievement_unlocked':
      return { ...state, awards: [{ ...event.data, seq: event.seq }, ...state.awards].slice(0, SHOWN_AWARDS) }
    case 'content_update':
    case 'other':
      return state
  }
}

function withSeats(state: LiveState, changed: Seat[]): LiveState {
  const seats = new Map(state.seats)
  for (const seat of changed) seats.set(seat.id, seat)
  return { ...state, seats }
}

function withXp(state: LiveState, { seat_id, xp, level }: XpGained): LiveState {
  const seat = state.seats.get(seat_id)
  return seat ? withSeats(state, [{ ...seat, xp, level }]) : state
}

function seeSession(state: LiveState, session: LiveSession, seq: number, at: number): LiveState {
  if (seq < state.sessionSeq) return state
  return { ...withSession(state, session, at), sessionSeq: seq }
}

function withSession(state: LiveState, session: LiveSession, at: number): LiveState {
  const before = state.session
  const isOther = before?.id !== session.id
  const opened =
    isOther || before.question_index !== session.question_index || before.started_at !== session.started_at
  return {
    ...state,
    session,
    openedAt: opened || before.status !== session.status ? at : state.openedAt,
    answers: isOther ? new Map() : state.answers,
    activity: isOther ? new Map() : state.activity,
  }
}

function withProgress(state: LiveState, update: ProgressUpdate, at: number): LiveState {
  const seats = new Map(state.seats)
  const answers = new Map(state.answers)
  const activity = new Map(state.activity)
  const isCurrent = update.session_id === state.session?.id
  for (const answer of update.answers) {
    const seat = seats.get(answer.seat_id)
    if (seat) seats.set(seat.id, { ...seat, xp: answer.xp, level: answer.level })
    if (!isCurrent) continue
    answers.set(answer.seat_id, withAnswer(answers.get(answer.seat_id), answer))
    const streak = activity.get(answer.seat_id)?.wrongInARow ?? 0
    activity.set(answer.seat_id, { lastAt: at, wrongInARow: answer.correct ? 0 : streak + 1 })
  }
  for (const { seat_id, label, percent } of update.progress) {
    const seat = seats.get(seat_id)
    if (seat) seats.set(seat_id, { ...seat, progress: { label: label ?? null, percent: percent ?? null } })
  }
  return { ...state, seats, answers, activity }
}

function withAnswer(
  cells: ReadonlyMap<string, AnswerCell> | undefined,
  answer: AnswerGraded,
): Map<string, AnswerCell> {
  const { question_id, correct, points, ms, attempt } = answer
  return new Map(cells).set(question_id, { correct, points, ms: ms ?? null, attempt })
}

function rank(state: LiveState, board: LeaderboardUpdate): LiveState {
  const known = state.boards[board.window]
  if (known !== null && board.as_of_seq < known.as_of_seq) return state
  return { ...state, boards: { ...state.boards, [board.window]: board } }
}

/** The board of the session from its start until the next one is prepared, so that the last word stays; else of all time. */
export function shownBoard(state: LiveState): LeaderboardUpdate | null {
  const { session, boards } = state
  const isOfSession =
    session !== null && session.status !== 'lobby' && boards.session?.session_id === session.id
  return isOfSession ? boards.session : boards.all
}
