/** Hears in the person's inbox how their jobs go: what is generated, what is deployed. */
import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useSession } from '../auth/use-session'
import { inboxChannels, useRoom } from '../realtime/use-room'

/** Reads these again as soon as a job has come further; answers whether that can be heard. */
export function useJobNews(stale: readonly QueryKey[]): boolean {
  const client = useQueryClient()
  const state = useSession()
  const userId = state.status === 'signed_in' ? state.user.id : null
  const readAgain = () => {
    for (const queryKey of stale) void client.invalidateQueries({ queryKey })
  }
  const { isLive } = useRoom(userId, userId === null ? [] : inboxChannels(userId), {
    onEvent: ({ name }) => name === 'job_progress' && readAgain(),
    onLive: readAgain,
  })
  return isLive
}
