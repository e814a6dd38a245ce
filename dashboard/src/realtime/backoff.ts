/**
 * How long to wait before a room is tried again. A whole school loses its connection at once and must not come back at
 * once: every pause is spread by chance.
 */

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** Each pause is up to this much shorter or longer. */
const SPREAD = 0.25
/** Where the server allows to come back at once, as after a deploy: everybody within this time. */
const RETURN_WITHIN_MS = 2_000

/** The pause after so many failures in a row: 1 s, 2 s, 4 s … 30 s, ± 25 %. `random` is at least 0 and below 1. */
export function pauseAfter(failures: number, random: number): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
  return pause * (1 + SPREAD * (2 * random - 1))
}

/** The pause where none is asked for. */
export function shortPause(random: number): number {
  return RETURN_WITHIN_MS * random
}
