import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from './ports'
import {
  channelByStorage,
  exclusivelyByLocks,
  exclusivelyByStorage,
  memoryIn,
  onActivityElsewhere,
  storeOfThisTab,
  tabCounter,
} from './tabs'

type StorageListener = (event: { key: string | null; newValue: string | null }) => void

/** The storage of a browser, seen from several tabs: a change tells all but the one that made it. */
class SharedStore {
  items = new Map<string, string>()
  #tabs: { listeners: StorageListener[] }[] = []

  tab() {
    const own: { listeners: StorageListener[] } = { listeners: [] }
    this.#tabs.push(own)
    const tell = (key: string, newValue: string | null) => {
      for (const tab of this.#tabs)
        if (tab !== own) for (const listener of tab.listeners) listener({ key, newValue })
    }
    const set = (key: string, value: string) => {
      const isNew = this.items.get(key) !== value
      this.items.set(key, value)
      if (isNew) tell(key, value)
    }
    return {
      store: {
        getItem: (key: string) => this.items.get(key) ?? null,
        setItem: set,
        removeItem: (key: string) => {
          if (this.items.delete(key)) tell(key, null)
        },
      },
      events: { addEventListener: (_: 'storage', listener: StorageListener) => own.listeners.push(listener) },
    }
  }
}

/** Web Locks, as far as they are used. */
function fakeLocks(): LockManager {
  const tails = new Map<string, Promise<unknown>>()
  const held: Lock[] = []
  const request = async (
    name: string,
    ...rest: [LockOptions, LockGrantedCallback<unknown>] | [LockGrantedCallback<unknown>]
  ) => {
    const [options, run] = rest.length === 2 ? rest : [{} as LockOptions, rest[0]]
    const isShared = options.mode === 'shared'
    if (options.ifAvailable && held.some((lock) => lock.name === name)) return run(null)
    const lock: Lock = { name, mode: isShared ? 'shared' : 'exclusive' }
    const before = tails.get(name)
    if (before === undefined || isShared) held.push(lock)
    const enter = async () => {
      if (!held.includes(lock)) held.push(lock)
      try {
        return await run(lock)
      } finally {
        held.splice(held.indexOf(lock), 1)
      }
    }
    const done = before === undefined || isShared ? enter() : before.then(enter)
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (tails.get(name) === settled) tails.delete(name)
      })
    if (!isShared) tails.set(name, settled)
    return done
  }
  return { request, query: async () => ({ held: [...held], pending: [] }) } as unknown as LockManager
}

const grant = {
  token: 'a secret',
  expiresAt: 0,
  askedAt: 0,
  user: { id: 'usr_1' },
} as unknown as Extract<Message, { type: 'granted' }>['grant']

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe.each([
  [
    'Web Locks',
    () => {
      const locks = fakeLocks()
      return [exclusivelyByLocks(locks), exclusivelyByLocks(locks)] as const
    },
  ],
  [
    'storage',
    () => {
      const shared = new SharedStore()
      return [
        exclusivelyByStorage(shared.tab().store, 'a'),
        exclusivelyByStorage(shared.tab().store, 'b'),
      ] as const
    },
  ],
])('the lock by %s', (_, makeTabs) => {
  it('lets one in at a time and tells the second that it waited', async () => {
    const [first, second] = makeTabs()
    const log: string[] = []
    const enter = (name: string) => async (hasWaited: boolean) => {
      log.push(`${name} in, waited: ${hasWaited}`)
      await new Promise((resolve) => setTimeout(resolve, 500))
      log.push(`${name} out`)
    }
    const both = [first(enter('a')), second(enter('b'))]
    await vi.advanceTimersByTimeAsync(5_000)
    await Promise.all(both)
    expect(log.map((line) => line.slice(1))).toEqual([
      ' in, waited: false',
      ' out',
      ' in, waited: true',
      ' out',
    ])
  })

  it('is free again after a failure', async () => {
    const [first, second] = makeTabs()
    const failure = expect(first(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await vi.advanceTimersByTimeAsync(1_000)
    await failure
    const run = vi.fn(async () => undefined)
    const done = second(run)
    await vi.advanceTimersByTimeAsync(1_000)
    await done
    expect(run).toHaveBeenCalledWith(false)
  })
})

describe('the lock by storage', () => {
  it.each(['{"id":"killed","until":1}', '{broken', '42', '"text"'])(
    'is not held for good by %s',
    async (left) => {
      const { store } = new SharedStore().tab()
      store.setItem('toolboxai.lock', left)
      const run = vi.fn(async () => undefined)
      const done = exclusivelyByStorage(store, 'a')(run)
      await vi.advanceTimersByTimeAsync(1_000)
      await done
      expect(run).toHaveBeenCalledOnce()
    },
  )
})

describe('counting tabs', () => {
  it('finds those that were there before', async () => {
    const locks = fakeLocks()
    expect(await tabCounter(locks)()).toBe(false)
    await vi.advanceTimersByTimeAsync(0)
    expect(await tabCounter(locks)()).toBe(true)
  })

  it('finds none without Web Locks', async () => {
    expect(await tabCounter(undefined)()).toBe(false)
  })
})

describe('news through storage', () => {
  it('carry no token, and arrive each time', () => {
    const shared = new SharedStore()
    const here = shared.tab()
    const there = shared.tab()
    const heard: Message[] = []
    channelByStorage(there.store, there.events).listen((message) => heard.push(message))
    const channel = channelByStorage(here.store, here.events)
    channel.post({ type: 'hello' })
    channel.post({ type: 'granted', grant })
    channel.post({ type: 'granted', grant })
    channel.post({ type: 'left', at: 1 })
    expect(heard).toEqual([
      { type: 'changed', userId: 'usr_1' },
      { type: 'changed', userId: 'usr_1' },
      { type: 'left', at: 1 },
    ])
    expect([...shared.items.values()].join()).not.toContain('a secret')
  })
})

describe('the memory', () => {
  it('is shared by the tabs, which hear of activity', () => {
    const shared = new SharedStore()
    const here = shared.tab()
    const there = shared.tab()
    const changed = vi.fn()
    onActivityElsewhere(there.events, changed)
    const memory = memoryIn(here.store)
    expect(memory).toMatchObject({ lastActive: null, isLeaving: false })
    memory.lastActive = 42
    memory.isLeaving = true
    expect(memoryIn(there.store)).toMatchObject({ lastActive: 42, isLeaving: true })
    expect(changed).toHaveBeenCalledOnce()
    memory.lastActive = null
    memory.isLeaving = false
    expect(memoryIn(there.store)).toMatchObject({ lastActive: null, isLeaving: false })
  })

  it('is of this tab alone where storage is forbidden', () => {
    const memory = memoryIn(storeOfThisTab())
    memory.lastActive = 42
    memory.isLeaving = true
    expect(memory).toMatchObject({ lastActive: 42, isLeaving: true })
  })
})
