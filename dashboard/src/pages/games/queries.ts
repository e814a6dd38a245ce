/** What the pages about games read. */
import { useQuery } from '@tanstack/react-query'
import { api, unwrap, unwrapWithEtag } from '../../api/client'
import { pageQuery, usePages } from '../../api/queries'
import type { ContentStatus, DeploymentStatus, GameStatus } from '../../api/types'

export const gameKeys = {
  games: ['games'] as const,
  anyGame: ['game'] as const,
  game: (id: string) => ['game', id] as const,
  anyDeployments: ['game-deployments'] as const,
  deployments: (id: string) => ['game-deployments', id] as const,
  content: ['game-content'] as const,
  templates: ['content-templates'] as const,
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

const UNDER_WAY: (ContentStatus | DeploymentStatus)[] = ['queued', 'generating', 'pending', 'deploying']

/** The content that the caller may deploy, newest first. */
export const useContent = () =>
  usePages(
    gameKeys.content,
    (cursor) => unwrap(api.GET('/api/v1/roblox/content', { params: { query: pageQuery(cursor) } })),
    ({ status }) => UNDER_WAY.includes(status),
  )

/** What was deployed to a game, newest first. */
export const useDeployments = (id: string) =>
  usePages(
    gameKeys.deployments(id),
    (cursor) =>
      unwrap(
        api.GET('/api/v1/roblox/games/{game_id}/deployments', {
          params: { path: { game_id: id }, query: pageQuery(cursor) },
        }),
      ),
    ({ status }) => UNDER_WAY.includes(status),
  )

/** Where content can begin. There are a handful. */
export const useTemplates = () =>
  useQuery({
    queryKey: gameKeys.templates,
    queryFn: async () => (await unwrap(api.GET('/api/v1/roblox/content/templates'))).items,
  })
