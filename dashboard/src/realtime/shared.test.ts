import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Connection, start } from './connection'
import { campaignAlone, campaignByLocks } from './leadership'
import type { RoomEvent, RoomListener } from './room'
import { type Said, SharedRoom } from './shared'

/** Web Locks as far as they are used: one exclusive lock, a queue, and theft. */
class FakeLocks {
  #holder: { reject: (error: Error) => void } | null = null
  #queue: (() => void)[] = []

  request = (_: string, options: LockOptions, run: () => Promise<void>): Promise<void> =>
    new Promise((resolve, reject) => {
      const enter = () => {
        const own = { reject }
        this.#holder = own
        void run().then(() => {
          resolve()
          if (this.#holder === own) this.#next()
        })
      }
      if (options.steal) {
        this.#holder?.reject(new DOMException('stolen', 'AbortError'))
        queueMicrotask(enter)
      } else if (this.#holder === null) {
        this.#holder = { reject }
        queueMicrotask(enter)
      } else {
        this.#queue.push(enter)
        options.signal?.addEventListener('abort', () => {
          this.#queue = this.#queue.filter((waiting) => waiting !== enter)
          reject(options.signal?.reason as Error)
        })
      }
    })

  #next() {
    this.#holder = null
    this.#queue.shift()?.()
  }
}

/** A browser with several tabs, and the room that the leading one is in. */
class Browser {
  locks = new FakeLocks()
  tabs: Tab[] = []
  /** Sockets that were opened, and how many are open now. */
  opened = 0
  open = 0
  /** Of the leading tab. */
  listener: RoomListener | null = null
  triedNow = 0

  tab(): Tab {
    const tab = new Tab(this)
    this.tabs.push(tab)
    return tab
  }
}

class Tab {
  isVisible = true
  /** A sleeping tab hears nothing and does nothing until it wakes. */
  isAsleep = false
  heard: unknown[] = []
  #hear: (said: Said) => void = () => undefined
  #shown: () => void = () => undefined
  readonly room: SharedRoom

  constructor(browser: Browser) {
    this.room = new SharedRoom({
      open: (listener) => {
        browser.opened += 1
        browser.open += 1
        browser.listener = listener
        listener.onChange(start({ isOnline: true }))
        return {
          tryNow: () => {
            browser.triedNow += 1
          },
          close: () => {
            browser.open -= 1
          },
        }
      },
      campaign: campaignByLocks(browser.locks as unknown as LockManager, 'room'),
      channel: {
        post: (said) => {
          for (const other of browser.tabs)
            if (other !== this) queueMicrotask(() => other.isAsleep || other.#hear(structuredClone(said)))
        },
        listen: (hear) => {
          this.#hear = hear
        },
        close: () => {
          browser.tabs = browser.tabs.filter((tab) => tab !== this)
        },
      },
      isVisible: () => this.isVisible,
      onVisible: (shown) => {
        this.#shown = shown
        return () => undefined
      },
    })
    this.room.read(({ data }) => this.heard.push(data))
  }

  show() {
    this.isVisible = true
    this.#shown()
  }

  get phase() {
    return this.room.snapshot()?.phase.name ?? null
  }
}

let browser: Browser
beforeEach(() => {
  vi.useFakeTimers()
  browser = new Browser()
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

async function tab(): Promise<Tab> {
  const opened = browser.tab()
  await pass(0)
  return opened
}

const liveSince = (since: number): Connection => ({
  phase: { name: 'live', since },
  failures: 0,
  isTokenRenewed: false,
})

const happens = (data: unknown, channel = 'private-class') => {
  const event: RoomEvent = { channel, name: 'quiz_update', data }
  browser.listener?.onEvent(event)
}

describe('tabs', () => {
  it('share one socket, and all hear what comes', async () => {
    const [first, second, third] = [await tab(), await tab(), await tab()]
    browser.listener?.onChange(liveSince(1))
    happens(1)
    happens(2)
    await pass(0)
    expect(browser.opened).toBe(1)
    for (const each of [first, second, third]) {
      expect(each.heard).toEqual([1, 2])
      expect(each.phase).toBe('live')
    }
  })

  it('that come later learn how things stand and what the caches hold', async () => {
    await tab()
    browser.listener?.onChange(liveSince(1))
    happens('the old board', 'private-cache-leaderboard')
    happens('the board', 'private-cache-leaderboard')
    happens('an answer')
    const late = await tab()
    expect(late.phase).toBe('live')
    expect(late.heard).toEqual(['the board'])
  })

  it('may ask for a try, whoever leads', async () => {
    const leading = await tab()
    const other = await tab()
    other.room.tryNow()
    await pass(0)
    leading.room.tryNow()
    expect(browser.triedNow).toBe(2)
  })
})

describe('when the leading tab is closed', () => {
  it('exactly one other connects, and every tab is told of the new connection', async () => {
    const leading = await tab()
    const [second, third] = [await tab(), await tab()]
    browser.listener?.onChange(liveSince(1))
    await pass(0)
    leading.room.close()
    await pass(0)
    expect(browser).toMatchObject({ opened: 2, open: 1 })
    expect([second.phase, third.phase]).toEqual(['connecting', 'connecting'])
    browser.listener?.onChange(liveSince(2))
    happens('after')
    await pass(0)
    for (const each of [second, third]) {
      expect(each.room.snapshot()).toEqual(liveSince(2))
      expect(each.heard).toEqual(['after'])
    }
  })

  it('a tab that was closed while it waited does not lead', async () => {
    const [leading, waiting, last] = [await tab(), await tab(), await tab()]
    waiting.room.close()
    leading.room.close()
    await pass(0)
    expect(browser).toMatchObject({ opened: 2, open: 1 })
    expect(last.phase).toBe('connecting')
  })

  it('and it was the last one, nothing is left open', async () => {
    const only = await tab()
    only.room.close()
    await pass(60_000)
    expect(browser).toMatchObject({ opened: 1, open: 0 })
  })
})

describe('a leading tab that sleeps', () => {
  it('is replaced by one that somebody looks at, and follows when it wakes', async () => {
    const leading = await tab()
    const other = await tab()
    leading.isAsleep = true
    leading.isVisible = false
    await pass(30_000)
    leading.isAsleep = false
    expect(browser).toMatchObject({ opened: 2, open: 1 })
    browser.listener?.onChange(liveSince(2))
    happens('news')
    await pass(0)
    expect(other.heard).toEqual(['news'])
    expect(leading.heard).toEqual(['news'])
    expect(leading.phase).toBe('live')
  })

  it('and is looked for at once by a tab that comes into view', async () => {
    const leading = await tab()
    const hidden = await tab()
    hidden.isVisible = false
    leading.isAsleep = true
    await pass(60_000)
    expect(browser.opened).toBe(1)
    hidden.show()
    await pass(3_000)
    expect(browser.opened).toBe(2)
  })

  it('comes back as the leader when the one that replaced it is closed', async () => {
    const leading = await tab()
    const other = await tab()
    leading.isAsleep = true
    await pass(30_000)
    leading.isAsleep = false
    other.room.close()
    await pass(0)
    expect(browser).toMatchObject({ opened: 3, open: 1 })
  })

  it('half, whose clock the browser has all but stopped, is replaced when its next try is overdue', async () => {
    await tab()
    const other = await tab()
    const phase = { name: 'waiting' as const, until: Date.now() + 20_000 }
    browser.listener?.onChange({ phase, failures: 6, isTokenRenewed: false })
    await pass(20_000)
    expect(browser.opened).toBe(1)
    await pass(20_000)
    expect(browser).toMatchObject({ opened: 2, open: 1 })
    expect(other.phase).toBe('connecting')
  })

  it('is not confused with one that has nothing to say', async () => {
    await tab()
    await tab()
    await pass(600_000)
    expect(browser.opened).toBe(1)
  })
})

describe('without locks', () => {
  it('each tab leads itself, from the start to its end', async () => {
    const begin = vi.fn()
    const candidate = campaignAlone({ begin, end: () => undefined })
    expect(begin).not.toHaveBeenCalled()
    await pass(0)
    expect(begin).toHaveBeenCalledOnce()
    candidate.withdraw()
    const early = campaignAlone({ begin, end: () => undefined })
    early.withdraw()
    await pass(0)
    expect(begin).toHaveBeenCalledOnce()
  })
})
