/** Durations, for people and for machines. */

const SECOND_MS = 1_000
const MINUTE_MS = 60_000

/** `3.2 s` below a minute, `1:05` from there on. */
export function formatMs(ms: number): string {
  if (ms < MINUTE_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const seconds = Math.floor(ms / SECOND_MS)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** The same, exact, as HTML's `time` element takes it. */
export function isoDuration(ms: number): string {
  return `PT${(ms / SECOND_MS).toFixed(3)}S`
}
