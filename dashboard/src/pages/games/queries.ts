/** What the pages about games read. */
import { useQuery } from '@tanstack/react-query'
import { api, unwrap, unwrapWithEtag } from '../../api/client'
import { keys, MOVING_MS, pageQuery, usePages } from '../../api/queries'
import type { ContentStatus, DeploymentStatus, GameStatus } from '../../api/types'
import { useJobNews } from '../../notifications/use-job-news'

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

/** While news of jobs are heard; those of a colleague, which an admin may look at as well, are told to the colleague alone. */
const HEARD_MS = 15_000

/** The content that the caller may deploy, newest first. */
export function useContent() {
  const isHeard = useJobNews([gameKeys.content, keys.quizzes])
  return usePages(
    gameKeys.content,
    (cursor) => unwrap(api.GET('/api/v1/roblox/content', { params: { query: pageQuery(cursor) } })),
    ({ status }) => UNDER_WAY.includes(status),
    isHeard ? HEARD_MS : MOVING_MS,
  )
}

/** What was deployed to a game, newest first. */
export function useDeployments(id: string) {
  const isHeard = useJobNews([gameKeys.deployments(id), gameKeys.game(id)])
  return usePages(
    gameKeys.deployments(id),
    (cursor) =>
      unwrap(
        api.GET('/api/v1/roblox/games/{game_id}/deployments', {
          params: { path: { game_id: id }, query: pageQuery(cursor) },
        }),
      ),
    ({ status }) => UNDER_WAY.includes(status),
    isHeard ? HEARD_MS : MOVING_MS,
  )
}

/** Where content can begin. There are a handful. */
export const useTemplates = () =>
  useQuery({
    queryKey: gameKeys.templates,
    queryFn: async () => (await unwrap(api.GET('/api/v1/roblox/content/templates'))).items,
  })
