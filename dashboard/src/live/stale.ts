/** Which reads of the rest of the dashboard a live event makes old: what a page loaded once, it loads again. */
import type { QueryKey } from '@tanstack/react-query'
import { keys } from '../api/queries'
import { gameKeys } from '../pages/games/queries'
import type { LiveEvent } from './events'

/** The keys to ask anew after this event of the class. */
export function staleAfter(classId: string, event: LiveEvent): QueryKey[] {
  switch (event.kind) {
    case 'content_update': {
      const { class: changed, game } = event.data
      return [
        ...(changed ? [keys.class(changed.id), keys.classes] : []),
        ...(game ? [gameKeys.game(game.game_id), gameKeys.deployments(game.game_id), gameKeys.games] : []),
      ]
    }
    case 'quiz_update':
      return [keys.sessions(classId), keys.results(classId, event.data.session.id)]
    case 'progress_update':
      return [keys.results(classId, event.data.session_id)]
    default:
      return []
  }
}

/** Everything that events of the class may have made old unseen. */
export const staleAfterGap = (classId: string): QueryKey[] => [
  keys.class(classId),
  keys.sessions(classId),
  keys.resultsOf(classId),
  gameKeys.games,
  gameKeys.anyGame,
  gameKeys.anyDeployments,
]
