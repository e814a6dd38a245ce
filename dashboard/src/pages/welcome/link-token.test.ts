import { expect, it } from 'vitest'
import { tokenIn } from './link-token'

it.each([
  ['#token=abc', 'abc'],
  ['token=abc', 'abc'],
  ['#token=', null],
  ['#other=abc', null],
  ['', null],
])('the fragment %j holds the token %j', (hash, token) => {
  expect(tokenIn(hash)).toBe(token)
})
