import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, networkError } from '../api/problem'
import type { User } from '../api/types'
import { IDLE_ENDS_MS, IDLE_WARNS_MS } from './limits'
import { type Answer, type Memory, type Message, SignedOutError } from './ports'
import { Session } from './session'

const MINUTE_MS = 60_000
const LIFETIME_S = 15 * 60

const tess: User = {
  id: 'usr_1',
  email: 't@example.org',
  display_name: 'Tess',
  role: 'teacher',
  school_id: 'sch_1',
} as User
const otto: User = { ...tess, id: 'usr_2', display_name: 'Otto' }

/** A browser with several tabs, and a server that knows one cookie. */
class World {
  tabs: Session[] = []
  memory: Memory = { lastActive: null, isLeaving: false }
  /** Who the cookie is of. */
  cookie: User | null = tess
  isDown = false
  isVisible = true
  refreshes = 0
  logouts = 0
  issued = 0
  carriesTokens = true
  said: Message[] = []
  #lock: Promise<void> = Promise.resolve()
  #holders = 0
  /** While set, answers wait for it. */
  gate: Promise<void> | null = null

  answer(user: User): Answer {
    this.issued += 1
    return { access_token: `token ${this.issued}`, expires_in: LIFETIME_S, user }
  }

  tab(): Session {
    const others = [...this.tabs]
    const tab: Session = new Session({
      refresh: async () => {
        this.refreshes += 1
        const { cookie } = this
        await this.gate
        if (this.isDown) throw networkError()
        if (cookie === null) throw new ApiError(401, 'invalid_refresh_token', 'No.')
        return this.answer(cookie)
      },
      logout: async () => {
        this.logouts += 1
        await this.gate
        if (this.isDown) throw networkError()
        this.cookie = null
      },
      exclusively: async (run) => {
        const before = this.#lock
        const hasWaited = this.#holders > 0
        this.#holders += 1
        this.#lock = before
          .then(() => run(hasWaited))
          .finally(() => {
            this.#holders -= 1
          })
        await this.#lock
      },
      hasOtherTabs: async () => others.length > 0,
      post: (message) => {
        this.said.push(message)
        const heard = this.#carried(message)
        for (const other of this.tabs) if (heard && other !== tab) queueMicrotask(() => other.hear(heard))
      },
      memory: this.memory,
      isVisible: () => this.isVisible,
      random: () => 0,
    })
    this.tabs.push(tab)
    return tab
  }

  #carried(message: Message): Message | null {
    if (this.carriesTokens) return message
    if (message.type === 'hello') return null
    return message.type === 'granted' ? { type: 'changed', userId: message.grant.user.id } : message
  }

  async signedInTab(): Promise<Session> {
    const tab = this.tab()
    this.memory.lastActive = Date.now()
    await Promise.all([tab.start(), vi.advanceTimersByTimeAsync(1_000)])
    return tab
  }
}

let world: World
beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-03-02T10:00:00Z') })
  world = new World()
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const status = (tab: Session) => tab.snapshot().status
const ended = (tab: Session) => {
  const state = tab.snapshot()
  return state.status === 'signed_in' ? state.ended : 'not signed in'
}
const userOf = (tab: Session) => {
  const state = tab.snapshot()
  return state.status === 'signed_in' ? state.user.id : null
}

describe('a reload', () => {
  it('finds the session by the cookie alone', async () => {
    const tab = world.tab()
    expect(status(tab)).toBe('starting')
    await tab.start()
    expect(userOf(tab)).toBe('usr_1')
  })

  it('without a cookie is signed out', async () => {
    world.cookie = null
    const tab = world.tab()
    await tab.start()
    expect(status(tab)).toBe('signed_out')
  })

  it('with no network keeps trying, calmly, and signs nobody out', async () => {
    world.isDown = true
    const tab = world.tab()
    await tab.start()
    expect(tab.snapshot()).toEqual({ status: 'starting', isOffline: true })
    await pass(2 * MINUTE_MS)
    expect(world.refreshes).toBeGreaterThan(3)
    expect(world.refreshes).toBeLessThan(15)
    world.isDown = false
    await pass(30_000)
    expect(userOf(tab)).toBe('usr_1')
  })

  it('remembers nothing that is a token', async () => {
    await world.signedInTab()
    expect(JSON.stringify(world.memory)).not.toContain('token')
  })

  it('long after the last activity ends the session instead', async () => {
    world.memory.lastActive = Date.now() - IDLE_ENDS_MS
    const tab = world.tab()
    await tab.start()
    expect(tab.snapshot()).toMatchObject({ status: 'signed_out', wasIdle: true })
    expect(world).toMatchObject({ refreshes: 0, logouts: 1, cookie: null })
  })
})

describe('several tabs', () => {
  it('a new one gets the token of another without asking the server', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    expect(second.token).toBe(first.token)
    expect(world.refreshes).toBe(1)
  })

  it('refresh once for all, ahead of time', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    await pass(12 * MINUTE_MS)
    expect(world.refreshes).toBe(1)
    await pass(MINUTE_MS)
    expect(world.refreshes).toBe(2)
    expect(first.token).toBe('token 2')
    expect(second.token).toBe('token 2')
  })

  it('that race for the lock use what the first one got', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    const used = { token: first.token ?? '', userId: 'usr_1' }
    const both = Promise.all([first.access(used), second.access(used)])
    await pass(2_000)
    expect(await both).toEqual([
      { token: 'token 2', userId: 'usr_1' },
      { token: 'token 2', userId: 'usr_1' },
    ])
    expect(world.refreshes).toBe(2)
  })

  it('sign out together', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    await first.signOut()
    await pass(0)
    expect([status(first), status(second)]).toEqual(['signed_out', 'signed_out'])
    expect(world).toMatchObject({ logouts: 1, cookie: null, memory: { isLeaving: false } })
  })

  it('move to whoever signs in, in one of them', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    world.cookie = otto
    first.signIn(world.answer(otto))
    await pass(0)
    expect([userOf(first), userOf(second)]).toEqual(['usr_2', 'usr_2'])
  })

  it('where only storage connects them, ask the server themselves and say no token', async () => {
    world.carriesTokens = false
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    expect(world.refreshes).toBe(2)
    world.cookie = otto
    first.signIn(world.answer(otto))
    await pass(2_000)
    expect([userOf(first), userOf(second)]).toEqual(['usr_2', 'usr_2'])
    await first.signOut()
    await pass(0)
    expect(status(second)).toBe('signed_out')
  })

  it('are all asked to sign in again when the server has ended the session, and all go on after one did', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    world.cookie = null
    const waiting = first.access({ token: first.token ?? '', userId: 'usr_1' })
    await pass(0)
    expect([ended(first), ended(second)]).toEqual(['expired', 'expired'])
    world.cookie = tess
    second.signIn(world.answer(tess))
    await pass(0)
    expect([ended(first), ended(second)]).toEqual([null, null])
    expect(await waiting).toEqual({ token: second.token, userId: 'usr_1' })
  })

  it('do not wake a session that was left while a refresh was under way', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    let open: () => void = () => undefined
    world.gate = new Promise((resolve) => {
      open = resolve
    })
    const access = second.access({ token: second.token ?? '', userId: 'usr_1' })
    const refusal = expect(access).rejects.toBeInstanceOf(SignedOutError)
    await pass(10)
    void first.signOut()
    await pass(10)
    open()
    await pass(2_000)
    await refusal
    expect([status(first), status(second)]).toEqual(['signed_out', 'signed_out'])
  })
})

describe('a request', () => {
  it('that met a refused token waits for one refresh, with all others', async () => {
    const tab = await world.signedInTab()
    const used = await tab.access()
    const [a, b] = await Promise.all([tab.access(used), tab.access(used)])
    expect(a).toEqual(b)
    expect(a.token).not.toBe(used.token)
    expect(world.refreshes).toBe(2)
  })

  it('whose token is already replaced gets the new one at once', async () => {
    const tab = await world.signedInTab()
    const used = await tab.access()
    await tab.access(used)
    await tab.access(used)
    expect(world.refreshes).toBe(2)
  })

  it('does not go out with a token that has run out while the tab was hidden', async () => {
    const tab = await world.signedInTab()
    world.isVisible = false
    await pass(20 * MINUTE_MS)
    expect(world.refreshes).toBe(1)
    expect((await tab.access()).token).toBe('token 2')
  })

  it('is never sent again for another person', async () => {
    const tab = await world.signedInTab()
    const used = await tab.access()
    world.cookie = otto
    await expect(tab.access(used)).rejects.toBeInstanceOf(SignedOutError)
    expect(userOf(tab)).toBe('usr_2')
  })

  it('fails when the person signs out instead of in', async () => {
    const tab = await world.signedInTab()
    world.cookie = null
    const refusal = expect(tab.access(await tab.access())).rejects.toBeInstanceOf(SignedOutError)
    await pass(0)
    expect(ended(tab)).toBe('expired')
    await tab.signOut()
    await refusal
  })

  it('fails like any other without network, and the session stays', async () => {
    const tab = await world.signedInTab()
    world.isDown = true
    await expect(tab.access(await tab.access())).rejects.toMatchObject({ status: 0 })
    expect(tab.snapshot()).toMatchObject({ status: 'signed_in', ended: null, isOffline: true })
    world.isDown = false
    await pass(2_000)
    expect(tab.snapshot()).toMatchObject({ status: 'signed_in', isOffline: false })
  })

  it('does not ask again and again when each new token is refused too', async () => {
    const tab = await world.signedInTab()
    const second = await tab.access(await tab.access())
    expect(second.token).toBe('token 2')
    expect(world.refreshes).toBe(2)
  })
})

describe('signing out', () => {
  it('without network shows at once, and the server hears of it later', async () => {
    const tab = await world.signedInTab()
    world.isDown = true
    void tab.signOut()
    expect(status(tab)).toBe('signed_out')
    await pass(0)
    expect(world.memory.isLeaving).toBe(true)
    world.isDown = false
    await pass(2_000)
    expect(world).toMatchObject({ cookie: null, memory: { isLeaving: false } })
  })

  it('that the server has not heard of is not undone by a reload', async () => {
    world.memory.isLeaving = true
    const tab = world.tab()
    await tab.start()
    expect(status(tab)).toBe('signed_out')
    expect(world).toMatchObject({ refreshes: 0, cookie: null })
  })
})

describe('idle time', () => {
  const idleEndsAt = (tab: Session) => {
    const state = tab.snapshot()
    return state.status === 'signed_in' ? state.idleEndsAt : undefined
  }

  it('is warned of in every tab, and the answer in one counts for all', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    await pass(IDLE_WARNS_MS)
    expect(idleEndsAt(first)).toBe((world.memory.lastActive ?? 0) + IDLE_ENDS_MS)
    expect(idleEndsAt(second)).toBe(idleEndsAt(first))
    first.touch()
    expect(idleEndsAt(first)).not.toBeNull()
    first.stay()
    second.watchIdle()
    expect([idleEndsAt(first), idleEndsAt(second)]).toEqual([null, null])
    await pass(IDLE_ENDS_MS - IDLE_WARNS_MS)
    expect([ended(first), ended(second)]).toEqual([null, null])
  })

  it('ends the session in every tab and on the server, and the token is forgotten', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    await pass(IDLE_ENDS_MS)
    expect([ended(first), ended(second)]).toEqual(['idle', 'idle'])
    expect([first.token, second.token]).toEqual(['', ''])
    expect(world.cookie).toBeNull()
  })

  it('starts anew with activity in any tab', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    await pass(20 * MINUTE_MS)
    second.touch()
    await pass(20 * MINUTE_MS)
    expect([ended(first), ended(second)]).toEqual([null, null])
    expect(idleEndsAt(first)).toBeNull()
  })

  it('that passed while the machine slept is not undone by the first touch', async () => {
    const tab = await world.signedInTab()
    vi.setSystemTime(Date.now() + 2 * IDLE_ENDS_MS)
    tab.touch()
    expect(ended(tab)).toBe('idle')
  })

  it('does not pass while a page says that it is in use, and does afterwards', async () => {
    const tab = await world.signedInTab()
    const release = tab.hold()
    await pass(3 * IDLE_ENDS_MS)
    expect(ended(tab)).toBeNull()
    expect(idleEndsAt(tab)).toBeNull()
    release()
    await pass(IDLE_ENDS_MS + MINUTE_MS)
    expect(ended(tab)).toBe('idle')
  })

  it('lets the same person go on after signing in again', async () => {
    const tab = await world.signedInTab()
    await pass(IDLE_ENDS_MS)
    const waiting = tab.access()
    world.cookie = tess
    tab.signIn(world.answer(tess))
    expect(await waiting).toMatchObject({ userId: 'usr_1' })
    expect(ended(tab)).toBeNull()
  })
})

describe('a step-up', () => {
  it('brings a fresher token to all tabs', async () => {
    const first = await world.signedInTab()
    const second = await world.signedInTab()
    first.stepUp(world.answer(tess), Date.now())
    await pass(0)
    expect(first.token).toBe('token 2')
    expect(second.token).toBe('token 2')
  })

  it('that was asked for before somebody else signed in changes nothing', async () => {
    const tab = await world.signedInTab()
    const askedAt = Date.now()
    await pass(1)
    tab.signIn(world.answer(otto))
    const { token } = tab
    tab.stepUp(world.answer(tess), askedAt)
    expect(tab.token).toBe(token)
  })
})
