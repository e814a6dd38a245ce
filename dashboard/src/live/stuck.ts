/** Who seems to be stuck: the teacher's "whom do I go to next". Rules over the live state, with the time as an argument. */
import type { LiveSession, Seat } from '../api/types'
import type { LiveState } from './reducer'

/** Long enough to read and think about one question, short enough to still help. */
export const SILENCE_MS = 60_000

/** One wrong answer is learning; two in a row are a sign. */
export const WRONG_IN_A_ROW = 2

export type StuckReason = { kind: 'wrong_in_a_row'; count: number } | { kind: 'silent'; seconds: number }

/** The questions that can be answered now: all of them in self pace, the one on show in host pace. */
export function openQuestions(session: LiveSession | null, questionIds: string[]): string[] {
  if (session === null) return []
  if (session.pace === 'self') return questionIds
  const index = session.question_index ?? null
  return index === null ? [] : questionIds.slice(index, index + 1)
}

/** Why this seat seems stuck at `now`, or `null`. Nobody is while the session is not running or is frozen. */
export function stuckReason(state: LiveState, seat: Seat, open: string[], now: number): StuckReason | null {
  const session = state.session
  if (session?.status !== 'running' || session.frozen) return null
  if (seat.status !== 'active' || !seat.online || isDone(state, seat.id, open)) return null
  const activity = state.activity.get(seat.id)
  if (activity && activity.wrongInARow >= WRONG_IN_A_ROW) {
    return { kind: 'wrong_in_a_row', count: activity.wrongInARow }
  }
  const silentFor = now - Math.max(activity?.lastAt ?? 0, state.openedAt)
  return silentFor >= SILENCE_MS ? { kind: 'silent', seconds: Math.floor(silentFor / 1000) } : null
}

/** Whether the seat has answered everything that is open to it. */
function isDone(state: LiveState, seatId: string, open: string[]): boolean {
  const answers = state.answers.get(seatId)
  return open.every((questionId) => answers?.has(questionId))
}
