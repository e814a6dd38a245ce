/** What a teacher can do with a live session in each of its states (docs/live-class.md, section 1). */
import type { LiveSession } from '../api/types'

export const MOVES = ['start', 'next', 'pause', 'resume', 'freeze', 'unfreeze', 'end'] as const
export type Move = (typeof MOVES)[number]

type Position = Pick<LiveSession, 'status' | 'pace' | 'frozen' | 'question_count' | 'question_index'>

/** The moves that the server would accept now, the likeliest first. */
export function allowedMoves(session: Position): Move[] {
  switch (session.status) {
    case 'lobby':
      return ['start', 'end']
    case 'running':
      return [
        ...(hasNext(session) ? (['next'] as const) : []),
        'pause',
        session.frozen ? 'unfreeze' : 'freeze',
        'end',
      ]
    case 'paused':
      return ['resume', session.frozen ? 'unfreeze' : 'freeze', 'end']
    case 'ended':
      return []
  }
}

function hasNext(session: Position): boolean {
  if (session.pace !== 'host') return false
  return (session.question_index ?? -1) + 1 < session.question_count
}
