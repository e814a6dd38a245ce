import { describe, expect, it } from 'vitest'
import { type Connection, type ConnectionEvent, type Moment, start, step } from './connection'

/** In the middle of every spread. */
const at = (now: number, over: Partial<Moment> = {}): Moment => ({
  now,
  random: 0.5,
  isOnline: true,
  ...over,
})

const run = (connection: Connection, ...steps: [ConnectionEvent, Moment][]): Connection =>
  steps.reduce((state, [event, moment]) => step(state, event, moment), connection)

const fresh = start({ isOnline: true })
const live = (since: number) => run(fresh, [{ type: 'subscribed' }, at(since)])
const lost = (code: number | null): ConnectionEvent => ({ type: 'lost', code })
const denied = (status: number | null): ConnectionEvent => ({ type: 'denied', status })

const pauseOf = (connection: Connection, now: number) =>
  connection.phase.name === 'waiting' ? connection.phase.until - now : connection.phase.name

describe('a lost connection', () => {
  it('waits longer after each failure, and tries without end', () => {
    let connection = fresh
    const pauses: unknown[] = []
    for (let now = 0; pauses.length < 50; now += 60_000) {
      connection = run(connection, [lost(null), at(now)])
      pauses.push(pauseOf(connection, now))
      connection = run(connection, [{ type: 'pause_over' }, at(now)])
    }
    expect(pauses.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(new Set(pauses.slice(6))).toEqual(new Set([30_000]))
    expect(connection.phase.name).toBe('connecting')
  })

  it('begins with the shortest pause again once one has lasted', () => {
    const tired = { ...live(0), failures: 5 }
    expect(pauseOf(run(tired, [lost(1006), at(10_000)]), 10_000)).toBe(1_000)
  })

  it('that did not last counts as a failure', () => {
    const tired = { ...live(0), failures: 3 }
    expect(pauseOf(run(tired, [lost(1006), at(9_999)]), 9_999)).toBe(8_000)
  })

  it('is not tried while there is no network, and soon after there is', () => {
    const offline = run(live(0), [lost(1006), at(60_000, { isOnline: false })])
    expect(offline.phase).toEqual({ name: 'offline' })
    expect(run(offline, [{ type: 'pause_over' }, at(90_000)])).toBe(offline)
    const back = run(offline, [{ type: 'came_online' }, at(90_000, { random: 0.25 })])
    expect(pauseOf(back, 90_000)).toBe(500)
  })

  it('is told by the browser as well', () => {
    for (const connection of [fresh, live(0), run(fresh, [lost(null), at(0)])]) {
      expect(run(connection, [{ type: 'went_offline' }, at(1)]).phase).toEqual({ name: 'offline' })
    }
  })

  it('is tried at once when a person asks for it', () => {
    const waiting = run(fresh, [lost(null), at(0)])
    expect(run(waiting, [{ type: 'try_now' }, at(1)]).phase).toEqual({ name: 'connecting' })
    const connected = live(0)
    expect(run(connected, [{ type: 'try_now' }, at(1)])).toBe(connected)
  })
})

describe('a close code', () => {
  it.each([
    [4001, 'gone'],
    [4003, 'unsupported'],
    [4007, 'unsupported'],
    [4099, 'unsupported'],
  ])('%d never comes back by itself: %s', (code, why) => {
    const refused = run(live(0), [lost(code), at(1)])
    expect(refused.phase).toEqual({ name: 'refused', why })
    for (const type of ['pause_over', 'came_online', 'went_offline', 'subscribed'] as const)
      expect(run(refused, [{ type }, at(2)])).toBe(refused)
    expect(run(refused, [{ type: 'try_now' }, at(2)]).phase.name).toBe('connecting')
  })

  it.each([4100, 4199, 1001, 1006, 1011, 4300])('%d backs off', (code) => {
    expect(pauseOf(run(live(0), [lost(code), at(60_000)]), 60_000)).toBe(1_000)
  })

  it.each([4200, 4299])('%d comes back at once, spread over 2 s, but not again and again', (code) => {
    const first = run(live(0), [lost(code), at(60_000, { random: 0.1 })])
    expect(pauseOf(first, 60_000)).toBe(200)
    const second = run(
      first,
      [{ type: 'pause_over' }, at(60_200)],
      [{ type: 'subscribed' }, at(60_300)],
      [lost(code), at(60_400)],
    )
    expect(pauseOf(second, 60_400)).toBe(2_000)
  })
})

describe('a token that is refused', () => {
  it.each([
    ['by 4009', lost(4009)],
    ['for a channel', denied(401)],
  ])('%s is renewed once, then the person is told', (_, refusal) => {
    const renewed = run(live(0), [refusal, at(60_000)])
    expect(renewed).toMatchObject({ phase: { name: 'connecting' }, isTokenRenewed: true })
    const again = run(renewed, [{ type: 'subscribed' }, at(60_100)], [refusal, at(60_200)])
    expect(again.phase).toEqual({ name: 'refused', why: 'not_allowed' })
    expect(run(again, [{ type: 'try_now' }, at(60_300)]).isTokenRenewed).toBe(false)
  })

  it('is renewed anew when the one before has lasted', () => {
    const renewed = run(live(0), [lost(4009), at(60_000)], [{ type: 'subscribed' }, at(60_100)])
    expect(run(renewed, [lost(4009), at(900_000)]).phase.name).toBe('connecting')
  })

  it('is not what a 403 or 404 means: that is for the person', () => {
    for (const status of [403, 404])
      expect(run(fresh, [denied(status), at(0)]).phase).toEqual({ name: 'refused', why: 'not_allowed' })
  })

  it('is not what a server that is busy or away means: that is a pause', () => {
    for (const status of [null, 429, 500, 503])
      expect(pauseOf(run(fresh, [denied(status), at(0)]), 0)).toBe(1_000)
  })
})
