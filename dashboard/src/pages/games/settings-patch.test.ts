import { describe, expect, it } from 'vitest'
import { type JsonObject, parseSettings, settingsPatch, settingsText } from './settings-patch'

/** What the server does with a patch, by the specification's own pseudo code (RFC 7396, section 2). */
function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else if (typeof value === 'object' && !Array.isArray(value)) {
      const old = result[key]
      const isInner = typeof old === 'object' && old !== null && !Array.isArray(old)
      result[key] = merge(isInner ? old : {}, value)
    } else result[key] = value
  }
  return result
}

describe('settings', () => {
  it('become what was typed when the patch is merged', () => {
    const texts = [
      '{}',
      '{"a": 1}',
      '{"a": {"b": 1, "c": [1, 2]}}',
      '{"a": {"c": [2]}, "d": "x"}',
      '{"a": [1]}',
    ]
    for (const before of texts.map((text) => parseSettings(text) ?? {}))
      for (const after of texts.map((text) => parseSettings(text) ?? {}))
        expect(merge(before, settingsPatch(before, after))).toEqual(after)
  })

  it('are not sent when they stayed', () => {
    expect(settingsPatch({ a: { b: 1 }, c: [1] }, { c: [1], a: { b: 1 } })).toEqual({})
  })

  it('are an object or nothing', () => {
    expect(parseSettings(' ')).toEqual({})
    for (const text of ['[1]', '1', 'null', '{', 'round = 3']) expect(parseSettings(text)).toBeNull()
    expect(settingsText({})).toBe('')
    expect(parseSettings(settingsText({ round: 3 }))).toEqual({ round: 3 })
  })
})
