/**
 * Keeps one room connected: runs the state machine of `connection.ts` with timers, a token and a socket. Whoever holds
 * it is told of each change and of each event.
 */
import { type Connection, type ConnectionEvent, start, step } from './connection'

/** A room is a Pusher app of its own; its key names it. */
export interface RoomAddress {
  appKey: string
  channels: readonly string[]
}

export interface RoomEvent {
  channel: string
  name: string
  data: unknown
}

/** What a socket reports, of the current `connect` only and each end once. */
export interface SocketHandlers {
  /** To all channels. */
  onSubscribed: () => void
  onEvent: (event: RoomEvent) => void
  onLost: (code: number | null) => void
  onDenied: (status: number | null) => void
}

export interface Socket {
  connect: (token: string) => void
  /** Reports nothing any more. */
  disconnect: () => void
}

export interface RoomPorts {
  makeSocket: (address: RoomAddress, handlers: SocketHandlers) => Promise<Socket>
  /** A token that is good, renewed when it has run out or is the one that was refused. */
  access: (refused?: { token: string }) => Promise<{ token: string }>
  isOnline: () => boolean
  /** Calls back when `isOnline` may have changed, until the returned function is called. */
  onNetwork: (changed: () => void) => () => void
  random: () => number
}

export interface RoomListener {
  onChange: (connection: Connection) => void
  onEvent: (event: RoomEvent) => void
}

/** A socket that is not subscribed by then is given up: a proxy may let it open and nothing through. */
const PATIENCE_MS = 20_000

export class Room {
  #connection: Connection
  #socket: Promise<Socket> | null = null
  #token: string | null = null
  #refusedToken: string | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Counts the tries: what an older one still brings is of no use. */
  #round = 0
  #isClosed = false
  readonly #address: RoomAddress
  readonly #ports: RoomPorts
  readonly #listener: RoomListener
  readonly #stopNetwork: () => void

  constructor(address: RoomAddress, ports: RoomPorts, listener: RoomListener) {
    this.#address = address
    this.#ports = ports
    this.#listener = listener
    this.#connection = start({ isOnline: ports.isOnline() })
    this.#stopNetwork = ports.onNetwork(() =>
      this.#apply({ type: ports.isOnline() ? 'came_online' : 'went_offline' }),
    )
    listener.onChange(this.#connection)
    this.#enter()
  }

  /** A person does not want to wait. */
  tryNow(): void {
    this.#apply({ type: 'try_now' })
  }

  close(): void {
    this.#isClosed = true
    this.#stopNetwork()
    this.#leave()
  }

  #apply(event: ConnectionEvent): void {
    if (this.#isClosed) return
    const { isOnline, random } = this.#ports
    const next = step(this.#connection, event, { now: Date.now(), random: random(), isOnline: isOnline() })
    if (next === this.#connection) return
    if (next.isTokenRenewed && !this.#connection.isTokenRenewed) this.#refusedToken = this.#token
    const isUp = next.phase.name === 'live'
    if (!isUp) this.#leave()
    else clearTimeout(this.#timer)
    this.#connection = next
    this.#listener.onChange(next)
    if (!isUp) this.#enter()
  }

  /** Ends what the phase before has running. */
  #leave(): void {
    clearTimeout(this.#timer)
    this.#round += 1
    void this.#socket?.then(
      (socket) => socket.disconnect(),
      () => undefined,
    )
  }

  #enter(): void {
    const { phase } = this.#connection
    if (phase.name === 'connecting') void this.#connect()
    if (phase.name === 'waiting') {
      const pauseMs = Math.max(0, phase.until - Date.now())
      this.#timer = setTimeout(() => this.#apply({ type: 'pause_over' }), pauseMs)
    }
  }

  async #connect(): Promise<void> {
    const round = this.#round
    try {
      const refused = this.#refusedToken
      const { token } = await this.#ports.access(refused === null ? undefined : { token: refused })
      this.#socket ??= this.#makeSocket()
      const socket = await this.#socket
      if (round !== this.#round) return
      this.#token = token
      this.#timer = setTimeout(() => this.#apply({ type: 'lost', code: null }), PATIENCE_MS)
      socket.connect(token)
    } catch {
      if (round === this.#round) this.#apply({ type: 'lost', code: null })
    }
  }

  /** The code of a socket is loaded when it is first needed, and again if that failed. */
  async #makeSocket(): Promise<Socket> {
    try {
      return await this.#ports.makeSocket(this.#address, {
        onSubscribed: () => this.#apply({ type: 'subscribed' }),
        onEvent: (event) => !this.#isClosed && this.#listener.onEvent(event),
        onLost: (code) => this.#apply({ type: 'lost', code }),
        onDenied: (status) => this.#apply({ type: 'denied', status }),
      })
    } catch (error) {
      this.#socket = null
      throw error
    }
  }
}
