/** What the pages about games read. */
import { useQuery } from '@tanstack/react-query'
import { api, unwrap, unwrapWithEtag } from '../../api/client'
import { pageQuery, usePages } from '../../api/queries'
import type { GameStatus } from '../../api/types'

export const gameKeys = {
  games: ['games'] as const,
  game: (id: string) => ['game', id] as const,
}

export const useGames = (status: GameStatus | '') =>
  usePages([...gameKeys.games, status], (cursor) =>
    unwrap(
      api.GET('/api/v1/roblox/games', {
        params: { query: { ...pageQuery(cursor), ...(status && { status }) } },
      }),
    ),
  )

/** One game, with its version for a later change. */
export const useGame = (id: string) =>
  useQuery({
    queryKey: gameKeys.game(id),
    queryFn: () =>
      unwrapWithEtag(api.GET('/api/v1/roblox/games/{game_id}', { params: { path: { game_id: id } } })),
  })
