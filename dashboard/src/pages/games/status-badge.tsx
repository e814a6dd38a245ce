/** What became of a game, in a word. */
import type { GameStatus } from '../../api/types'

const NAMES: Record<GameStatus, string> = { active: 'Active', paused: 'Paused', archived: 'Archived' }
const LOOKS: Record<GameStatus, string> = { active: 'badge-accent', paused: 'badge-warn', archived: '' }

export function StatusBadge({ status }: { status: GameStatus }) {
  return <span className={`badge ${LOOKS[status]}`}>{NAMES[status]}</span>
}
