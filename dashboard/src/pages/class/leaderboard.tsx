/** The ranking, drawn as bars that grow and rows that glide to their new places. */
import { useRef } from 'react'
import type { LeaderboardUpdate } from '../../live/events'
import { useGlide } from './use-glide'
import './leaderboard.css'

export interface LeaderboardProps {
  board: LeaderboardUpdate | null
  labelledBy: string
  /** Show only so many; all without it. */
  limit?: number
  isLarge?: boolean
}

/** The list in rank order, for the eye and for a screen reader alike. */
export function Leaderboard({ board, labelledBy, limit, isLarge }: LeaderboardProps) {
  const list = useRef<HTMLOListElement>(null)
  const items = (board?.items ?? []).slice(0, limit)
  const order = items.map((item) => item.seat_id).join(' ')
  useGlide(list, order)
  const best = Math.max(1, ...items.map((item) => item.xp))

  if (items.every((item) => item.xp === 0)) {
    return (
      <p className="muted">
        Nobody has earned XP {board?.window === 'session' ? 'in this session ' : ''}yet. The bars grow as
        answers come in.
      </p>
    )
  }
  return (
    <ol
      ref={list}
      className={isLarge ? 'leaderboard leaderboard-large' : 'leaderboard'}
      aria-labelledby={labelledBy}
    >
      {items.map((item) => (
        <li key={item.seat_id} data-glide={item.seat_id} className="leader" data-rank={item.rank}>
          <span className="leader-rank numbers">
            <span className="sr-only">Rank </span>
            {item.rank}
          </span>
          <span className="leader-name">{item.display_name}</span>
          <span className="leader-level small muted">Level {item.level}</span>
          <span className="leader-xp numbers">
            <strong>{item.xp}</strong> XP
          </span>
          <span className="leader-bar" aria-hidden="true">
            <span className="leader-bar-fill" style={{ transform: `scaleX(${item.xp / best})` }} />
          </span>
        </li>
      ))}
    </ol>
  )
}
