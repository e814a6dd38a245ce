/** The games in Roblox, and a new one. */
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Game, GameStatus } from '../../api/types'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { SelectInput } from '../../ui/fields'
import { More } from '../../ui/more'
import { Page } from '../../ui/page'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states'
import { NewGameForm } from './new-game-form'
import { useGames } from './queries'
import { StatusBadge } from './status-badge'

const FILTERS: { value: GameStatus | ''; label: string }[] = [
  { value: '', label: 'All' },
  { value: 'active', label: 'Active' },
  { value: 'paused', label: 'Paused' },
  { value: 'archived', label: 'Archived' },
]

/** The page. */
export default function GamesPage() {
  const [status, setStatus] = useState<GameStatus | ''>('')
  const [isMaking, setMaking] = useState(false)
  const [, go] = useLocation()
  const games = useGames(status)
  const make = (
    <Button variant="primary" onPress={() => setMaking(true)}>
      New game
    </Button>
  )
  const hasNone = games.data?.length === 0
  const isFirst = hasNone && status === ''
  return (
    <Page title="Games" actions={isFirst ? undefined : make}>
      <div className="stack">
        {!isFirst && (
          <SelectInput
            label="Show"
            value={status}
            onChange={(value) => setStatus(value as GameStatus | '')}
            options={FILTERS}
          />
        )}
        {games.isPending && <Skeleton />}
        {games.isError && !games.data && (
          <ErrorState
            title="Your games could not be loaded"
            error={games.error}
            onRetry={() => void games.refetch()}
          />
        )}
        {isFirst && (
          <EmptyState title="Set up your first game" action={make}>
            A game is one experience in Roblox that your pupils play. Here you say which class plays it, and
            its servers get their settings from here.
          </EmptyState>
        )}
        {hasNone && !isFirst && <p className="muted">There is no such game.</p>}
        {games.data && !hasNone && <GameList games={games.data} />}
        <More pages={games} label="Show more games" />
      </div>
      <Dialog title="New game" isOpen={isMaking} onClose={() => setMaking(false)}>
        <NewGameForm onClose={() => setMaking(false)} onMade={(game) => go(`/games/${game.id}`)} />
      </Dialog>
    </Page>
  )
}

function GameList({ games }: { games: Game[] }) {
  return (
    <ul className="card rows" aria-label="Games">
      {games.map((game) => (
        <li key={game.id}>
          <span className="row-main">
            <h2>
              <Link href={`/games/${game.id}`}>{game.title}</Link>
            </h2>
            <span className="muted small">
              {game.subject} · Grade {game.grade_level}
              {game.place_id == null && ' · not connected to a place yet'}
            </span>
          </span>
          <StatusBadge status={game.status} />
        </li>
      ))}
    </ul>
  )
}
