/** The times of a session, in one place. */

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** Without activity in any tab for so long, the session ends. */
export const IDLE_ENDS_MS = 30 * MINUTE_MS
/** And so long before, the person is asked whether they are still there. */
export const IDLE_WARNS_MS = 28 * MINUTE_MS
/** Activity is written down no more often than this. */
export const ACTIVITY_EVERY_MS = 10 * SECOND_MS
/** How often a page that counts as active by itself, like the projector, says so. */
export const HOLD_EVERY_MS = MINUTE_MS

/** A token is renewed so long before it runs out: longer than a slow network and a few tries take. */
export const RENEW_AHEAD_MS = 2 * MINUTE_MS
/** And up to this much earlier, so that of several tabs one goes first and the others get its token. */
export const RENEW_JITTER_MS = 30 * SECOND_MS
/** A token that lives no longer than this is not sent any more: it would run out on its way. */
export const TOO_LATE_MS = 5 * SECOND_MS

/** How long a tab that opens waits for the token of another one. */
export const HELLO_MS = 400
/** How long a tab that waited for another one's refresh waits for what came of it. */
export const NEWS_MS = 1_000
/** A refresh without an answer is given up, so that it blocks no other tab. */
export const REFRESH_PATIENCE_MS = 15 * SECOND_MS

/** The first pause after the server could not be reached; each further one is twice as long, up to the longest. */
export const RETRY_FIRST_MS = SECOND_MS
export const RETRY_LONGEST_MS = 30 * SECOND_MS
