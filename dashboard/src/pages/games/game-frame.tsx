/** What the pages of one game share: its name, the way between them, and what there is while it is not loaded. */
import type { ReactNode } from 'react'
import type { GameDetail } from '../../api/types'
import { useClassNews } from '../../live/use-class-news'
import { Page } from '../../ui/page'
import { ErrorState, Skeleton } from '../../ui/states'
import { SubNav } from '../../ui/sub-nav'
import { useGame } from './queries'

const PARENT = { label: 'Games', to: '/games' }

export interface GameFrameProps {
  gameId: string
  actions?: (game: GameDetail) => ReactNode
  children: (game: GameDetail, etag: string | null) => ReactNode
}

export function GameFrame({ gameId, actions, children }: GameFrameProps) {
  const loaded = useGame(gameId)
  useClassNews(loaded.data?.data.class_id ?? null)
  if (!loaded.data) {
    return (
      <Page title="Game" parent={PARENT}>
        {loaded.isError ? (
          <ErrorState
            title="The game could not be loaded"
            error={loaded.error}
            onRetry={() => void loaded.refetch()}
          />
        ) : (
          <Skeleton />
        )}
      </Page>
    )
  }
  const { data: game, etag } = loaded.data
  const places = [
    { to: `/games/${gameId}`, label: 'Game' },
    { to: `/games/${gameId}/content`, label: 'Content' },
  ]
  return (
    <Page
      title={game.title}
      parent={PARENT}
      subtitle={`${game.subject} · Grade ${game.grade_level}`}
      actions={actions?.(game)}
    >
      <SubNav label="Game" places={places} />
      <div className="stack">{children(game, etag)}</div>
    </Page>
  )
}
