/**
 * The inbox. It says when something has changed, and is asked for again and again only while it cannot be heard. Reading
 * shows at once and is put right if it fails.
 */
import { type QueryKey, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, type Client, quietApi, unwrap } from '../api/client'
import { keys } from '../api/queries'
import type { Inbox } from '../api/types'
import { inboxChannels, useRoom } from '../realtime/use-room'
import { useStale } from '../realtime/use-stale'
import { withAllRead, withRead } from './inbox'

/** A pupil at the door notices no more than this; 240 requests an hour are nothing to the server. */
const POLL_MS = 15_000

const MOVED: QueryKey[] = [keys.notifications]

const load = (client: Client) => unwrap(client.GET('/api/v1/notifications'))

/** The inbox of this person with what can be done to it. */
export function useNotifications(userId: string) {
  const client = useQueryClient()
  const queryKey = keys.notifications
  const markStale = useStale()
  const { isLive } = useRoom(userId, inboxChannels(userId), {
    onEvent: ({ name }) => {
      if (name === 'notifications_changed') markStale(MOVED)
    },
    onLive: () => markStale(MOVED),
  })
  const query = useQuery({
    queryKey,
    queryFn: () => load(quietApi),
    refetchInterval: isLive ? false : POLL_MS,
    refetchOnWindowFocus: 'always',
  })

  const show = async (change: (inbox: Inbox) => Inbox) => {
    // A poll that is under way knows nothing of the reading yet.
    await client.cancelQueries({ queryKey })
    client.setQueryData<Inbox>(queryKey, (inbox) => inbox && change(inbox))
  }
  const onSettled = () => client.invalidateQueries({ queryKey })
  const readOne = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.POST('/api/v1/notifications/{notification_id}/read', {
          params: { path: { notification_id: id } },
        }),
      ),
    onMutate: (id) => show((inbox) => withRead(inbox, id, new Date())),
    onSettled,
  })
  const readAll = useMutation({
    mutationFn: () => unwrap(api.POST('/api/v1/notifications/read')),
    onMutate: () => show((inbox) => withAllRead(inbox, new Date())),
    onSettled,
  })

  /** Asks now, because a person wants to see it: unlike a poll this may ask for a new sign-in. */
  const refresh = () => void client.prefetchQuery({ queryKey, queryFn: () => load(api), staleTime: 0 })
  return { query, readOne, readAll, refresh }
}
