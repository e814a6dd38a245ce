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
  /** The server refused the token that was sent for a channel. */
  onUnauthorized: () => void
}

/** Connects to the room and keeps doing so until the returned function is called. */
export function connectToRoom(roomKey: string, handlers: ConnectionHandlers): () => void {
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
      headersProvider: () => ({ Authorization: `Bearer ${handlers.token() ?? ''}` }),
      params: { room_key: roomKey },
    },
  })
  watchState(pusher, handlers.onState)
  subscribe(pusher, handlers)
  return () => pusher.disconnect()
}

function watchState(pusher: Pusher, onState: (state: ConnectionState) => void): void {
  let wasConnected = false
  pusher.connection.bind('state_change', ({ current }: { current: string }) => {
    if (current === 'connected') {
      wasConnected = true
      onState('connected')
    } else if (current === 'failed' || current === 'disconnected') {
      onState('refused')
    } else if (wasConnected || current === 'unavailable') {
      onState('lost')
    }
  })
}

function subscribe(pusher: Pusher, handlers: ConnectionHandlers): void {
  const feed = pusher.subscribe('private-class')
  feed.bind('pusher:subscription_succeeded', handlers.onSubscribed)
  feed.bind('pusher:subscription_error', ({ status }: { status?: number }) => {
    if (status === 401) handlers.onUnauthorized()
  })
  for (const name of NUMBERED_EVENTS) feed.bind(name, (data: unknown) => handlers.onEvent(name, data))

  const sessionCache = pusher.subscribe('private-cache-session')
  sessionCache.bind('quiz_update', handlers.onSession)

  const board = pusher.subscribe('private-cache-leaderboard')
  board.bind('leaderboard_update', handlers.onLeaderboard)

  pusher.subscribe('presence-class')
}

function portOf(location: Location): number {
  if (location.port !== '') return Number(location.port)
  return location.protocol === 'https:' ? 443 : 80
}
