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

/** A numbered event. `other` stands for kinds that this version does not know: they count, and change nothing. */
export type LiveEvent = { seq: number } & (
  | { kind: 'class_online'; data: ClassOnline }
  | { kind: 'progress_update'; data: ProgressUpdate }
  | { kind: 'quiz_update'; data: QuizUpdate }
  | { kind: 'other' }
)

/** The numbered events that the page listens for, by the name they have on the channels. */
export const NUMBERED_EVENTS = ['class_online', 'progress_update', 'quiz_update'] as const

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** Reads one event of the log or of a channel; its shape decides, so a foreign one never breaks the page. */
export function readEvent(seq: unknown, name: string, data: unknown): LiveEvent | null {
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) return null
  if (isRecord(data)) {
    if (name === 'class_online' && Array.isArray(data.seats)) {
      return { seq, kind: name, data: { seats: data.seats as Seat[] } }
    }
    if (name === 'quiz_update' && isRecord(data.session)) {
      return { seq, kind: name, data: { session: data.session as unknown as LiveSession } }
    }
    if (name === 'progress_update') return { seq, kind: name, data: readProgress(data) }
  }
  return { seq, kind: 'other' }
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
  return isRecord(data) ? readEvent(data.seq, name, data) : null
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
