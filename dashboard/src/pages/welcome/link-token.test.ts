import { expect, it } from 'vitest'
import { challengeIn, tokenIn } from './link-token'

it.each([
  ['#token=abc', 'abc'],
  ['token=abc', 'abc'],
  ['#token=', null],
  ['#other=abc', null],
  ['', null],
])('the fragment %j holds the token %j', (hash, token) => {
  expect(tokenIn(hash)).toBe(token)
})

it('a challenge comes with its methods and leads to a page of ours', () => {
  const found = challengeIn('#challenge=c&expires_in=300&methods=totp,telepathy&return_to=%2Fclasses%3Fnew')
  expect(found?.challenge).toEqual({
    challenge: 'c',
    methods: ['totp'],
  })
  expect(found?.returnTo).toBe('/classes?new')
  for (const elsewhere of ['https://evil.example', '//evil.example', '/\\evil.example', '', 'x']) {
    expect(challengeIn(`#challenge=c&return_to=${encodeURIComponent(elsewhere)}`)?.returnTo).toBe('/')
  }
  expect(challengeIn('#token=t')).toBeNull()
})
