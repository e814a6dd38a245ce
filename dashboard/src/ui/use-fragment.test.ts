import { expect, it } from 'vitest'
import { onceDrawn } from './use-fragment'

it('what the page was drawn with is taken out of the address', () => {
  expect(onceDrawn('a', 'a')).toBe('hide')
  expect(onceDrawn('a', null)).toBe('nothing')
  expect(onceDrawn(null, null)).toBe('nothing')
})

it('a link that is opened while the page is being drawn is not lost', () => {
  expect(onceDrawn(null, 'b')).toBe('begin anew')
  expect(onceDrawn('a', 'b')).toBe('begin anew')
})
