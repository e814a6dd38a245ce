// The page /docs/problems, to which every problem's `type` points: a section a code, with the meaning and the title that the
// server itself has (handlers/problem.rs), and what a client can do.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

/** What to do about each code. */
const advice = {
  invalid_credentials: 'Ask the person to type both again. Address and password are never told apart.',
  unauthenticated:
    'Send <code>Authorization: Bearer …</code> with the token or key that the operation names.',
  invalid_token:
    'Get a new one: refresh the session, or open a new game session. If the new one is refused too, sign in again or ask an admin for a key.',
  token_expired: 'Refresh the session (or open a new game session) and send the request again, once.',
  invalid_refresh_token: 'Ask the person to sign in again. Do not try the same token once more.',
  invalid_challenge: 'Begin again: sign in with the password, or ask for new options.',
  invalid_code: 'Ask for the code that the app shows now; each is good once. Or take a recovery code.',
  email_not_verified:
    'Ask the person to open the link in the mail; <code>POST /api/v1/auth/verify-email/resend</code> sends another.',
  forbidden: 'Nothing that a repetition would change: another role, or another scope of the key, is needed.',
  step_up_required:
    'Ask for the password or a second factor, call <code>POST /api/v1/auth/step-up</code>, then send the request again.',
  second_factor_setup_required: 'Lead the person to set up a second factor, then refresh the session.',
  cross_site: 'Send the request from a page of the same site, or from an origin that the server allows.',
  not_found: 'Check the id. What belongs to somebody else looks the same as what does not exist.',
  method_not_allowed: 'Use a method that the <code>Allow</code> header names.',
  unsupported_media_type: 'Send the <code>Content-Type</code> that <code>detail</code> names.',
  payload_too_large: 'Send less at once.',
  malformed:
    'Mend the request: <code>detail</code> says what cannot be read. It will not become good by repeating it.',
  invalid:
    'Mend the fields in <code>errors</code>: each has a <code>pointer</code>, a <code>code</code> and a sentence.',
  precondition_required: 'Read the thing, and send its <code>ETag</code> as <code>If-Match</code>.',
  precondition_failed:
    'Read it anew, show what changed, and send the change again with the new <code>ETag</code>.',
  move_not_allowed: 'Read the session anew and offer only the moves that its state allows.',
  no_more_questions: 'End the session.',
  session_exists: 'End the session that is on, or go on with it.',
  quiz_not_published: 'Publish the quiz first.',
  class_full: 'Raise the capacity of the class, or remove a seat.',
  last_admin: 'Make somebody else an admin first.',
  conflict: 'Read the thing anew: <code>detail</code> says which state stands against it.',
  token_used: 'Ask for a new link or code.',
  idempotency_key_reused: 'Take a new key for another request; the same key only for the same one.',
  events_gone: 'Load the state anew instead of the events.',
  too_many_events: 'Send at most 200 events a call.',
  rate_limited:
    'Wait as long as <code>Retry-After</code> says. <code>RateLimit</code> tells how much is left.',
  unavailable:
    'Send the same request again after <code>Retry-After</code>, with the same <code>Idempotency-Key</code>.',
  content_refused:
    'Change what you ask for as <code>detail</code> says, such as another subject, fewer questions, or a text to make them from.',
  upstream_failed: 'Send the same request again after <code>Retry-After</code>.',
  misconfigured: 'For the operator: set what <code>detail</code> names.',
  internal: 'Try again later; if it stays, report the <code>request_id</code>.',
}

const snake = (name) => name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase()
const escaped = (text) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/`([^`]+)`/g, '<code>$1</code>')

/** Every code with its meaning, title and status, in the order of the contract. */
export function problems() {
  const source = at('handlers/problem.rs')
  const body = source.split('pub enum ProblemCode {')[1].split('\n}')[0]
  const meanings = new Map(
    [...body.matchAll(/((?:^ +\/\/\/.*\n)+) +(\w+),/gm)].map(([, text, name]) => [
      snake(name),
      text
        .replace(/^ +\/\/\/ ?/gm, '')
        .trim()
        .replaceAll('\n', ' '),
    ]),
  )
  const kinds = new Map(
    [...source.matchAll(/C::(\w+) => \{?\s*\(StatusCode::(\w+), "([^"]+)"\)/g)].map(
      ([, name, status, title]) => [snake(name), { status, title }],
    ),
  )
  const codes = JSON.parse(at('openapi.json')).components.schemas.ProblemCode.enum
  return codes.map((code) => {
    const problem = { code, meaning: meanings.get(code), advice: advice[code], ...kinds.get(code) }
    for (const part of ['meaning', 'title', 'status', 'advice'])
      if (!problem[part])
        throw new Error(`the problem ${code} has no ${part} (dashboard/scripts/problems.mjs)`)
    return problem
  })
}

const words = (status) => status.toLowerCase().replaceAll('_', ' ')

/** The page. */
export function problemsPage() {
  const sections = problems().map(
    ({ code, meaning, title, status, advice: todo }) => `    <section id="${code}">
      <h2><a href="#${code}">${escaped(title)}</a></h2>
      <p><code>${code}</code>, ${words(status)}. ${escaped(meaning)}</p>
      <p>${todo}</p>
    </section>`,
  )
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Problems · ToolboxAI Edge</title>
    <link rel="icon" href="/favicon.svg" />
    <link rel="stylesheet" href="/docs/problems.css" />
  </head>
  <body>
    <main>
      <h1>Problems</h1>
      <p>
        What does not go as wished is answered with <code>application/problem+json</code> (RFC 9457). Its <code>code</code> is for
        programs, <code>detail</code> for people, <code>request_id</code> for whoever looks into the log. These are all codes
        there are; the <a href="/docs">contract</a> says which operations there are.
      </p>
${sections.join('\n')}
    </main>
  </body>
</html>
`
}
