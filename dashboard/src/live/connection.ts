/**
 * The socket to a class room, by the stock pusher-js: each room is a Pusher app of its own, on our own origin.
 * pusher-js comes back by itself after a loss and subscribes again; `onSubscribed` then says that it is time to replay.
 */
import Pusher from 'pusher-js'
import { NUMBERED_EVENTS } from './events'

/** What the page says about the connection. `refused`: the server will not have this client, trying again is no use. */
export type ConnectionState = 'connecting' | 'connected' | 'lost' | 'refused'

export interface ConnectionHandlers {
  /** Read at each subscription, so that a renewed token is used. */
  token: () => string | null
  onState: (state: ConnectionState) => void
  onSubscribed: () => void
  onEvent: (name: string, data: unknown) => void
  /** The cached session: state, not an event, though it has an event's name and number. */
  onSession: (data: unknown) => void
  onLeaderboard: (data: unknown) => void
  /** The server refused this token for the class's channel. */
  onUnauthorized: (token: string | null) => void
}

/** How long to wait before a channel that the server could not give is asked for again. */
const SUBSCRIBE_AGAIN_MS = 5_000

/** Connects to the room and keeps doing so until the returned function is called. */
export function connectToRoom(roomKey: string, handlers: ConnectionHandlers): () => void {
  let sentToken: string | null = null
  const pusher = new Pusher(roomKey, {
    cluster: '',
    wsHost: window.location.hostname,
    wsPort: portOf(window.location),
    wssPort: portOf(window.location),
    forceTLS: window.location.protocol === 'https:',
    enabledTransports: ['ws'],
    channelAuthorization: {
      transport: 'ajax',
      endpoint: '/api/v1/realtime/auth',
      headersProvider: () => {
        sentToken = handlers.token()
        return { Authorization: `Bearer ${sentToken ?? ''}` }
      },
      params: { room_key: roomKey },
    },
  })
  watchState(pusher, handlers.onState)
  const stopAsking = subscribeToFeed(pusher, handlers, () => sentToken)
  subscribeToCaches(pusher, handlers)
  pusher.subscribe('presence-class')
  return () => {
    stopAsking()
    pusher.disconnect()
  }
}

/** Says when the socket is gone. That all is well again is for the feed to say: a socket without it brings no news. */
function watchState(pusher: Pusher, onState: (state: ConnectionState) => void): void {
  let wasConnected = false
  pusher.connection.bind('state_change', ({ current }: { current: string }) => {
    if (current === 'connected') wasConnected = true
    else if (current === 'failed' || current === 'disconnected') onState('refused')
    else if (wasConnected || current === 'unavailable') onState('lost')
  })
}

/** The teacher's feed. pusher-js subscribes again after a lost socket, but not after a refusal: that is done here. */
function subscribeToFeed(
  pusher: Pusher,
  handlers: ConnectionHandlers,
  sentToken: () => string | null,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const feed = pusher.subscribe('private-class')
  feed.bind('pusher:subscription_succeeded', () => {
    handlers.onState('connected')
    handlers.onSubscribed()
  })
  feed.bind('pusher:subscription_error', ({ status }: { status?: number }) => {
    if (status === 401) return handlers.onUnauthorized(sentToken())
    handlers.onState('lost')
    timer = setTimeout(() => feed.subscribe(), SUBSCRIBE_AGAIN_MS)
  })
  for (const name of NUMBERED_EVENTS) feed.bind(name, (data: unknown) => handlers.onEvent(name, data))
  return () => clearTimeout(timer)
}

function subscribeToCaches(pusher: Pusher, handlers: ConnectionHandlers): void {
  pusher.subscribe('private-cache-session').bind('quiz_update', handlers.onSession)
  pusher.subscribe('private-cache-leaderboard').bind('leaderboard_update', handlers.onLeaderboard)
}

function portOf(location: Location): number {
  if (location.port !== '') return Number(location.port)
  return location.protocol === 'https:' ? 443 : 80
}
