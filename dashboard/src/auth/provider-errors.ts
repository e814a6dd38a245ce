/** Why signing in at another site, or linking an account there, came to nothing: the server's closed set of reasons. */

const SENTENCES: Record<string, string> = {
  link_first:
    'There is an account with this e-mail address already. Sign in as you did so far, then link the other one on your account page.',
  no_email_link_first:
    'The other site does not confirm an e-mail address of yours. Sign in as you did so far, then link it on your account page.',
  access_denied: 'You did not allow it at the other site. Nothing was changed.',
  provider_refused: 'The other site did not confirm who you are. Try again, or choose another way.',
  provider_unavailable:
    'The other site does not answer at the moment. Try again later, or choose another way.',
  flow_expired: 'That took too long, or your browser does not keep cookies. Please start again.',
  flow_mismatch:
    'This answer of the other site belongs to another attempt, perhaps in another tab. Please start again.',
  account_suspended: 'This account is suspended. Ask an admin of your school.',
  identity_taken: 'That account at the other site is linked to somebody else here. Nothing was changed.',
  signed_out: 'You were signed out before the other account could be linked. Sign in and link it again.',
  rate_limited: 'There were too many attempts in a short time. Wait some minutes, then try again.',
  unavailable: 'The server had a problem. Nothing you did is at fault; try again in a moment.',
}

/** A sentence for a reason; also for one that this page does not know yet. */
export function explainProvider(code: string): string {
  return Object.hasOwn(SENTENCES, code)
    ? (SENTENCES[code] as string)
    : 'It did not work at the other site. Try again, or choose another way.'
}
