/** What forms need: numbers out of text, keys for creating once, and the server's complaints by field. */
import { ApiError, type FieldError } from './problem'

/** The number in a text field, also with a decimal comma; `NaN` when it holds none. */
export function toNumber(text: string): number {
  const trimmed = text.trim().replace(',', '.')
  return trimmed === '' ? Number.NaN : Number(trimmed)
}

/** Complaints about those fields, by pointer, that hold no number. JSON has no way to send one that is none. */
export function notNumbers(fields: [pointer: string, text: string][]): FieldError[] {
  return fields
    .filter(([, text]) => !Number.isFinite(toNumber(text)))
    .map(([pointer]) => ({ pointer, code: 'malformed', detail: 'Please enter a number.' }))
}

/**
 * Keys for creating once: sending the same body again (a second press, a lost answer) makes one thing; a corrected body
 * is another intention and gets another key.
 */
export function idempotencyKeys(): (body: unknown) => string {
  let lastBody: string | null = null
  let key = ''
  return (body) => {
    const text = JSON.stringify(body)
    if (text !== lastBody) key = randomKey()
    lastBody = text
    return key
  }
}

function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export interface FieldErrors {
  isEmpty: boolean
  /** What is wrong with the field at this JSON pointer. */
  at: (pointer: string) => string | undefined
  /** What is wrong with fields that the form does not show. */
  others: (shown: string[]) => FieldError[]
}

/** The field errors that a failed request carried, if any. */
export function fieldErrors(error: unknown): FieldErrors {
  const list = error instanceof ApiError ? error.errors : []
  return {
    isEmpty: list.length === 0,
    at: (pointer) => list.find((item) => item.pointer === pointer)?.detail,
    others: (shown) => list.filter((item) => !shown.includes(item.pointer)),
  }
}
