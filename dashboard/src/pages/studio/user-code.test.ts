import { describe, expect, it } from 'vitest'
import { codeIn, isWhole, tidyCode } from './user-code'

describe('a code', () => {
  it.each([
    ['wdjbmjht', 'WDJB-MJHT'],
    [' WDJB - MJHT ', 'WDJB-MJHT'],
    ['WDJB–MJHTX', 'WDJB-MJHT'],
    ['wdjb', 'WDJB'],
    ['wdjb-', 'WDJB'],
    ['wdjbm', 'WDJB-M'],
    ['', ''],
  ])('%j is written %j', (typed, written) => {
    expect(tidyCode(typed)).toBe(written)
    expect(tidyCode(written)).toBe(written)
  })

  it('is whole with its eighth letter', () => {
    expect(isWhole('WDJB-MJHT')).toBe(true)
    expect(isWhole('WDJB-MJH')).toBe(false)
  })

  it('comes out of the fragment of the address', () => {
    expect(codeIn('#code=wdjb-mjht')).toBe('WDJB-MJHT')
    expect(codeIn('#token=wdjb-mjht')).toBeNull()
    expect(codeIn('')).toBeNull()
  })
})
