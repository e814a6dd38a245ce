/** A game's settings as text, and the change from one text to another as the API takes it. */

export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** As people read it. */
export const settingsText = (settings: JsonObject): string =>
  Object.keys(settings).length === 0 ? '' : JSON.stringify(settings, null, 2)

/** What somebody typed; nothing is no settings. Null when it is not a JSON object. */
export function parseSettings(text: string): JsonObject | null {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}

/** The merge patch (RFC 7396) that makes `after` of `before`: what is gone is null, what stayed is left out. */
export function settingsPatch(before: JsonObject, after: JsonObject): JsonObject {
  const patch: JsonObject = {}
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined
    if (isObject(old) && isObject(value)) {
      const inner = settingsPatch(old as JsonObject, value as JsonObject)
      if (Object.keys(inner).length > 0) patch[key] = inner
    } else if (JSON.stringify(old) !== JSON.stringify(value)) patch[key] = value
  }
  return patch
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
