/**
 * What a class room says on its channels and in its log (docs/live-class.md, section 4). The log and the channels
 * carry the same events under the same `seq`; leaderboards are not numbered but say up to which `seq` they hold.
 */
import type { LeaderboardItem, LiveSession, Seat } from '../api/types'

export interface AnswerGraded {
  seat_id: string
  question_id: string
  correct: boolean
  points: number
  xp_gained: number
  xp: number
  level: number
  ms: number | null
  attempt: number
}

export interface SeatProgressed {
  seat_id: string
  label: string | null
  percent: number | null
}

export interface ClassOnline {
  seats: Seat[]
}

export interface ProgressUpdate {
  session_id: string
  answers: AnswerGraded[]
  progress: SeatProgressed[]
}

export interface QuizUpdate {
  session: LiveSession
}

export interface LeaderboardUpdate {
  as_of_seq: number
  session_id: string | null
  window: 'session' | 'all'
  items: LeaderboardItem[]
}

/** Something about the class or one of its games is another now; which, is told where it is known. */
export interface ContentUpdate {
  class: { id: string } | null
  game: { game_id: string } | null
}

/** XP that a pupil got outside of an answer. `xp` and `level` are what the seat has now. */
export interface XpGained {
  seat_id: string
  xp: number
  level: number
}

/** What a pupil has reached: a badge, or an achievement. */
export interface Award {
  seat_id: string
  title: string
}

/** A numbered event. `other` stands for kinds that this version does not know: they count, and change nothing. */
export type LiveEvent = { seq: number } & (
  | { kind: 'class_online'; data: ClassOnline }
  | { kind: 'progress_update'; data: ProgressUpdate }
  | { kind: 'quiz_update'; data: QuizUpdate }
  | { kind: 'content_update'; data: ContentUpdate }
  | { kind: 'xp_gained'; data: XpGained }
  | { kind: 'badge_earned'; data: Award }
  | { kind: 'achievement_unlocked'; data: Award }
  | { kind: 'other' }
)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** Reads one event of the log or of a channel; its shape decides, so a foreign one never breaks the page. */
export function readEvent(seq: number, name: string, data: unknown): LiveEvent {
  const known = isRecord(data) ? readKnown(name, data) : null
  return { seq, ...(known ?? { kind: 'other' }) }
}

type Unnumbered<E> = E extends unknown ? Omit<E, 'seq'> : never

function readKnown(name: string, data: Record<string, unknown>): Unnumbered<LiveEvent> | null {
  switch (name) {
    case 'class_online':
      return Array.isArray(data.seats) ? { kind: name, data: { seats: data.seats as Seat[] } } : null
    case 'quiz_update':
      return isRecord(data.session)
        ? { kind: name, data: { session: data.session as unknown as LiveSession } }
        : null
    case 'progress_update':
      return { kind: name, data: readProgress(data) }
    case 'content_update':
      return { kind: name, data: readContent(data) }
    case 'xp_gained': {
      const { seat_id, xp, level } = data
      const isWhole = typeof seat_id === 'string' && typeof xp === 'number' && typeof level === 'number'
      return isWhole ? { kind: name, data: { seat_id, xp, level } } : null
    }
    case 'badge_earned':
    case 'achievement_unlocked': {
      const { seat_id, title } = data
      const isWhole = typeof seat_id === 'string' && typeof title === 'string'
      return isWhole ? { kind: name, data: { seat_id, title } } : null
    }
    default:
      return null
  }
}

function readContent(data: Record<string, unknown>): ContentUpdate {
  const game = isRecord(data.game) && typeof data.game.game_id === 'string' ? data.game.game_id : null
  const id = isRecord(data.class) && typeof data.class.id === 'string' ? data.class.id : null
  return { class: id === null ? null : { id }, game: game === null ? null : { game_id: game } }
}

function readProgress(data: Record<string, unknown>): ProgressUpdate {
  return {
    session_id: String(data.session_id ?? ''),
    answers: Array.isArray(data.answers) ? (data.answers as AnswerGraded[]) : [],
    progress: Array.isArray(data.progress) ? (data.progress as SeatProgressed[]) : [],
  }
}

/** Reads a numbered event as it comes over a channel, where `seq` stands inside the data. */
export function readChannelEvent(name: string, data: unknown): LiveEvent | null {
  if (!isRecord(data) || typeof data.seq !== 'number' || !Number.isSafeInteger(data.seq)) return null
  return readEvent(data.seq, name, data)
}

/** Reads a `leaderboard_update`. */
export function readLeaderboard(data: unknown): LeaderboardUpdate | null {
  if (!isRecord(data) || typeof data.as_of_seq !== 'number' || !Array.isArray(data.items)) return null
  return {
    as_of_seq: data.as_of_seq,
    session_id: typeof data.session_id === 'string' ? data.session_id : null,
    window: data.window === 'session' ? 'session' : 'all',
    items: data.items as LeaderboardItem[],
  }
}
