import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { networkError } from '../api/problem'
import type { Connection } from './connection'
import { Room, type RoomEvent, type SocketHandlers } from './room'

/** A browser with one room, and a server that a test plays. */
class World {
  isOnline = true
  tokens = ['token 1', 'token 2', 'token 3']
  isServerAway = false
  /** The tokens that were connected with, in order. */
  connects: string[] = []
  disconnects = 0
  handlers: SocketHandlers | null = null
  phases: string[] = []
  events: RoomEvent[] = []
  connection: Connection | null = null
  #networkListeners = new Set<() => void>()
  #token: string | null = null

  room = () =>
    new Room(
      { appKey: 'room', channels: ['private-class'] },
      {
        makeSocket: async (_, handlers) => {
          this.handlers = handlers
          return {
            connect: (token) => void this.connects.push(token),
            disconnect: () => {
              this.disconnects += 1
            },
          }
        },
        access: async (refused) => {
          if (this.isServerAway) throw networkError()
          if (this.#token === null || this.#token === refused?.token)
            this.#token = this.tokens.shift() ?? 'none'
          return { token: this.#token }
        },
        isOnline: () => this.isOnline,
        onNetwork: (changed) => {
          this.#networkListeners.add(changed)
          return () => this.#networkListeners.delete(changed)
        },
        random: () => 0.5,
      },
      {
        onChange: (connection) => {
          this.connection = connection
          this.phases.push(connection.phase.name)
        },
        onEvent: (event) => this.events.push(event),
      },
    )

  setOnline(isOnline: boolean) {
    this.isOnline = isOnline
    for (const changed of this.#networkListeners) changed()
  }
}

let world: World
beforeEach(() => {
  vi.useFakeTimers()
  world = new World()
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

async function liveRoom(): Promise<Room> {
  const room = world.room()
  await pass(0)
  world.handlers?.onSubscribed()
  return room
}

describe('a room', () => {
  it('connects with a token and says when it is live', async () => {
    await liveRoom()
    expect(world.phases).toEqual(['connecting', 'live'])
    expect(world.connects).toEqual(['token 1'])
  })

  it('comes back after 1 s, then 2 s, then 4 s, each time through the door of the token', async () => {
    await liveRoom()
    await pass(60_000)
    for (const [index, pauseMs] of [1_000, 2_000, 4_000].entries()) {
      world.handlers?.onLost(1006)
      await pass(pauseMs - 1)
      expect(world.connects.length).toBe(index + 1)
      await pass(1)
      expect(world.connects.length).toBe(index + 2)
    }
  })

  it('gives up on a try that leads nowhere, and tries again', async () => {
    world.room()
    await pass(20_000)
    expect(world.phases).toEqual(['connecting', 'waiting'])
    await pass(1_000)
    expect(world.connects.length).toBe(2)
  })

  it('tries for ever while the server cannot even renew the token', async () => {
    world.isServerAway = true
    world.room()
    await pass(3_600_000)
    expect(world.connects).toEqual([])
    world.isServerAway = false
    await pass(30_000)
    expect(world.connects).toEqual(['token 1'])
  })

  it('renews the token when the server refuses it, once', async () => {
    await liveRoom()
    await pass(60_000)
    world.handlers?.onLost(4009)
    await pass(0)
    expect(world.connects).toEqual(['token 1', 'token 2'])
    world.handlers?.onDenied(401)
    await pass(3_600_000)
    expect(world.connects).toEqual(['token 1', 'token 2'])
    expect(world.connection?.phase).toEqual({ name: 'refused', why: 'not_allowed' })
  })

  it('does not renew a token again that replaced the refused one', async () => {
    await liveRoom()
    await pass(60_000)
    world.handlers?.onLost(4009)
    await pass(0)
    world.handlers?.onLost(1006)
    await pass(2_000)
    expect(world.connects).toEqual(['token 1', 'token 2', 'token 2'])
  })

  it('that was refused tries again when a person asks for it', async () => {
    const room = await liveRoom()
    world.handlers?.onLost(4001)
    await pass(3_600_000)
    expect(world.connects.length).toBe(1)
    room.tryNow()
    await pass(0)
    expect(world.connects.length).toBe(2)
  })

  it('lets go without a network and comes back with it', async () => {
    await liveRoom()
    world.setOnline(false)
    await pass(0)
    expect(world.disconnects).toBe(1)
    await pass(3_600_000)
    expect(world.connects.length).toBe(1)
    world.setOnline(true)
    await pass(1_000)
    expect(world.connects.length).toBe(2)
  })

  it('that is closed says and does nothing more', async () => {
    const room = await liveRoom()
    room.close()
    await pass(0)
    expect(world.disconnects).toBe(1)
    world.handlers?.onLost(1006)
    world.handlers?.onEvent({ channel: 'private-class', name: 'quiz_update', data: {} })
    world.setOnline(false)
    await pass(3_600_000)
    expect(world.phases).toEqual(['connecting', 'live'])
    expect(world.events).toEqual([])
    expect(world.connects.length).toBe(1)
  })
})
