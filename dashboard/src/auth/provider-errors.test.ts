import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { explainProvider } from './provider-errors'

const UNKNOWN = explainProvider('something new')

/** The server's reasons, where it writes them into the address. */
const outcome = readFileSync(new URL('../../../handlers/oidc/outcome.rs', import.meta.url), 'utf8')
const reasons = [...outcome.matchAll(/Self::\w+(?:\(_\))? => "(\w+)"/g)].map(([, code]) => String(code))

it('every reason of the server has a sentence of its own', () => {
  expect(reasons).toContain('link_first')
  expect(reasons.length).toBeGreaterThanOrEqual(12)
  const sentences = reasons.map(explainProvider)
  expect(sentences).not.toContain(UNKNOWN)
  expect(new Set(sentences).size).toBe(reasons.length)
})

it.each(['constructor', '<b>', ''])('what stands in the address is not shown: %j', (code) => {
  expect(explainProvider(code)).toBe(UNKNOWN)
})
