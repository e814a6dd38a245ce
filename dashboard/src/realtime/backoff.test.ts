import { describe, expect, it } from 'vitest'
import { pauseAfter, shortPause } from './backoff'

/** The middle of the spread, and as far as chance goes. */
const MIDDLE = 0.5
const ALMOST_ONE = 1 - Number.EPSILON

describe('the pause', () => {
  it('doubles from 1 s to 30 s and stays there for ever', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 5_000].map((failures) => pauseAfter(failures, MIDDLE))
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  it('is spread by a quarter to both sides', () => {
    expect(pauseAfter(3, 0)).toBe(3_000)
    expect(pauseAfter(3, ALMOST_ONE)).toBeCloseTo(5_000)
  })

  it('where none is asked for is at most 2 s, so that a deploy is no storm', () => {
    expect(shortPause(0)).toBe(0)
    expect(shortPause(ALMOST_ONE)).toBeCloseTo(2_000)
  })
})
