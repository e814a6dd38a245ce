/**
 * The socket of a room, by the stock pusher-js, which subscribes, pings and reads frames. It also comes back by itself,
 * after a second and for ever; so it is told to disconnect as soon as it has lost its connection, and when it tries
 * again is for `connection.ts` to say.
 *
 * Only this module knows pusher-js, and it is loaded when the first room is entered.
 */
import Pusher from 'pusher-js'
import { send } from '../api/public'
import type { RoomAddress, Socket, SocketHandlers } from './room'

const AUTH_PATH = '/api/v1/realtime/auth'

/** After so long a silence pusher-js asks whether the other side is there; a room answers that in its sleep. */
const PING_AFTER_MS = 60_000
const PONG_WITHIN_MS = 15_000

/** By the room's path: makes who is told of the end of a socket that is being opened. */
const openings = new Map<string, () => (code: number) => void>()

// What pusher-js says of an end leaves out the code of some, and of an opening that failed it says nothing for 15 s.
const { createWebSocket } = Pusher.Runtime
Pusher.Runtime.createWebSocket = function (url) {
  const socket = createWebSocket.call(this, url)
  const ended = openings.get(new URL(url).pathname)?.()
  if (socket instanceof WebSocket) socket.addEventListener('close', ({ code }) => ended?.(code))
  return socket
}

interface SubscriptionError {
  status?: number
}

/** A socket that is not connected yet. */
export function makeSocket(address: RoomAddress, handlers: SocketHandlers): Socket {
  return new PusherSocket(address, handlers)
}

class PusherSocket implements Socket {
  #token = ''
  /** Between `connect` and the first end that is heard of. */
  #isWanted = false
  /** Counts the tries, as the end of an old one may be heard of after the next one has begun. */
  #round = 0
  #pusher: Pusher | null = null
  readonly #subscribed = new Set<string>()
  readonly #address: RoomAddress
  readonly #handlers: SocketHandlers

  constructor(address: RoomAddress, handlers: SocketHandlers) {
    this.#address = address
    this.#handlers = handlers
  }

  connect(token: string): void {
    this.disconnect()
    this.#token = token
    this.#isWanted = true
    this.#round += 1
    const round = this.#round
    openings.set(`/app/${this.#address.appKey}`, () => (code) => {
      if (round !== this.#round || !this.#isWanted) return
      // We hear of it first: left alone, pusher-js would open the next socket before anybody could say anything.
      this.disconnect()
      this.#handlers.onLost(code)
    })
    if (this.#pusher) this.#pusher.connect()
    else this.#pusher = this.#makePusher()
  }

  disconnect(): void {
    this.#isWanted = false
    this.#subscribed.clear()
    this.#pusher?.disconnect()
  }

  /** It connects when it is made. */
  #makePusher(): Pusher {
    const pusher = new Pusher(this.#address.appKey, this.#options())
    pusher.connection.bind('state_change', ({ previous }: { previous: string }) => {
      if (previous === 'connected') this.#end(() => this.#handlers.onLost(null))
    })
    for (const name of this.#address.channels) this.#follow(pusher, name)
    return pusher
  }

  #options() {
    const { hostname, port, protocol } = window.location
    const isSecure = protocol === 'https:'
    const shownPort = port === '' ? (isSecure ? 443 : 80) : Number(port)
    return {
      cluster: '',
      wsHost: hostname,
      wsPort: shownPort,
      wssPort: shownPort,
      forceTLS: isSecure,
      enabledTransports: ['ws' as const],
      activityTimeout: PING_AFTER_MS,
      pongTimeout: PONG_WITHIN_MS,
      channelAuthorization: { customHandler: this.#authorize },
    }
  }

  #follow(pusher: Pusher, name: string): void {
    const channel = pusher.subscribe(name)
    channel.bind('pusher:subscription_succeeded', () => {
      this.#subscribed.add(name)
      if (this.#isWanted && this.#subscribed.size === this.#address.channels.length)
        this.#handlers.onSubscribed()
    })
    channel.bind('pusher:subscription_error', ({ status }: SubscriptionError) => {
      this.#end(() => this.#handlers.onDenied(status ?? null))
    })
    channel.bind_global((event: string, data: unknown) => {
      if (this.#isWanted && !event.startsWith('pusher:'))
        this.#handlers.onEvent({ channel: name, name: event, data })
    })
  }

  /** Says so once, and stops pusher-js when it is done with what it is in the middle of. */
  #end(say: () => void): void {
    if (!this.#isWanted) return
    this.#isWanted = false
    setTimeout(() => {
      if (!this.#isWanted) this.#pusher?.disconnect()
    })
    say()
  }

  /** Asks the server to sign a subscription. */
  #authorize = async (
    { socketId, channelName }: { socketId: string; channelName: string },
    callback: (error: Error | null, data: { auth: string; channel_data?: string } | null) => void,
  ): Promise<void> => {
    const token = this.#token
    const outcome = await askToSign(this.#address.appKey, socketId, channelName, token)
    // A signature is for one socket, which may have ended meanwhile.
    if (!this.#isWanted || this.#pusher?.connection.socket_id !== socketId) return
    if (typeof outcome === 'object' && outcome !== null) callback(null, outcome)
    else this.#end(() => this.#handlers.onDenied(outcome))
  }
}

/** The signature, or the status of the refusal; `null` when there was no answer. */
async function askToSign(appKey: string, socketId: string, channelName: string, token: string) {
  const form = { socket_id: socketId, channel_name: channelName, app_key: appKey }
  const headers = { Authorization: `Bearer ${token}` }
  const request = new Request(AUTH_PATH, { method: 'POST', headers, body: new URLSearchParams(form) })
  try {
    const response = await send(request)
    return response.ok
      ? ((await response.json()) as { auth: string; channel_data?: string })
      : response.status
  } catch {
    return null
  }
}
