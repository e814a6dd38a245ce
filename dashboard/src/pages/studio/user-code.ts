/** The code that a plugin shows: eight consonants, written `XXXX-XXXX`. */

const LENGTH = 8
const HALF = LENGTH / 2

/** What somebody types or pastes, as the code is written. */
export function tidyCode(text: string): string {
  const letters = text
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .slice(0, LENGTH)
  return letters.length > HALF ? `${letters.slice(0, HALF)}-${letters.slice(HALF)}` : letters
}

/** Whether it is a whole code. */
export const isWhole = (code: string): boolean => code.length === LENGTH + 1

/** The code in a fragment like `#code=WDJB-MJHT`, or null. */
export const codeIn = (hash: string): string | null =>
  tidyCode(new URLSearchParams(hash.replace(/^#/, '')).get('code') ?? '') || null
