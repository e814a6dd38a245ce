/** One game: who plays it, its settings, and its end. */
import { useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api, unwrap } from '../../api/client'
import type { GameDetail } from '../../api/types'
import { When } from '../../ui/dates'
import { ConfirmButton } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { GameForm } from './game-form'
import { GameFrame } from './game-frame'
import { gameKeys } from './queries'
import { StatusBadge } from './status-badge'
import './games.css'

/** The page. */
export default function GamePage({ gameId }: { gameId: string }) {
  return (
    <GameFrame
      gameId={gameId}
      actions={(game) => game.status !== 'archived' && <ArchiveButton game={game} />}
    >
      {(game, etag) => (
        <>
          <section className="card" aria-labelledby="now-title">
            <div className="card-head">
              <h2 id="now-title">Now</h2>
              <StatusBadge status={game.status} />
            </div>
            <Facts game={game} />
          </section>
          {game.status !== 'archived' && (
            <section className="card" aria-labelledby="settings-title">
              <div className="card-head">
                <h2 id="settings-title">Settings</h2>
              </div>
              <GameForm key={game.revision} game={game} etag={etag} />
            </section>
          )}
        </>
      )}
    </GameFrame>
  )
}

function Facts({ game }: { game: GameDetail }) {
  return (
    <dl className="game-facts">
      {game.archived_at && (
        <>
          <dt>Archived</dt>
          <dd>
            <When at={game.archived_at} />. Its servers get nothing any more; what pupils reached stays
            readable.
          </dd>
        </>
      )}
      <dt>Class</dt>
      <dd>{game.class_id ? <Link href={`/classes/${game.class_id}`}>Open the class</Link> : 'None yet'}</dd>
      <dt>Playing now</dt>
      <dd>{game.current_players == null ? 'Not known' : `${game.current_players} of its class`}</dd>
      <dt>In Roblox</dt>
      <dd>
        {game.join_url ? (
          <a href={game.join_url} target="_blank" rel="noreferrer">
            Open the place
          </a>
        ) : (
          'Not connected to a place yet'
        )}
      </dd>
      <dt>Content</dt>
      <dd>
        {game.content_version == null ? 'None published yet' : `Version ${game.content_version}`} ·{' '}
        <Link href={`/games/${game.id}/content`}>Content and versions</Link>
      </dd>
      <dt>Changed</dt>
      <dd>
        <When at={game.updated_at} />
      </dd>
    </dl>
  )
}

function ArchiveButton({ game }: { game: GameDetail }) {
  const client = useQueryClient()
  const archive = async () => {
    await unwrap(api.DELETE('/api/v1/roblox/games/{game_id}', { params: { path: { game_id: game.id } } }))
    await Promise.all([
      client.invalidateQueries({ queryKey: gameKeys.game(game.id) }),
      client.invalidateQueries({ queryKey: gameKeys.games }),
    ])
    notify(`${game.title} is archived.`)
  }
  return (
    <ConfirmButton
      title={`Archive ${game.title}?`}
      consequence="This is for good: its servers get nothing from here any more. What pupils reached stays readable."
      confirmLabel="Archive it"
      onConfirm={archive}
    >
      Archive
    </ConfirmButton>
  )
}
