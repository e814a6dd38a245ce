import { expect, it } from 'vitest'
import { formatMs, isoDuration } from './time'

it('a short time has tenths of a second, a long one minutes', () => {
  expect(formatMs(0)).toBe('0.0 s')
  expect(formatMs(3_260)).toBe('3.2 s')
  expect(formatMs(59_999)).toBe('59.9 s')
  expect(formatMs(65_000)).toBe('1:05')
  expect(formatMs(3_600_000)).toBe('60:00')
})

it('a machine reads every millisecond', () => {
  expect(isoDuration(3_261)).toBe('PT3.261S')
})
