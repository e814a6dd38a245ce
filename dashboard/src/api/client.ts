/** The one way to the server: typed by `openapi.json`, signed with the session's token, failing with `ApiError`. */
import createClient from 'openapi-fetch'
import { stepUp } from '../auth/step-up'
import { session } from '../auth/use-session'
import { type Client, send } from './public'
import type { paths } from './schema'

export { type Client, publicApi, unwrap, unwrapWithEtag } from './public'

/** The problems of a token, as opposed to those of a password or a code, which are 401 too. */
const TOKEN_PROBLEMS = new Set(['token_expired', 'invalid_token', 'unauthenticated'])

/**
 * Sends the request with the token. What a better token can cure is sent once more, unseen: after a refresh, after a
 * new sign-in over the page, or after the person has confirmed who they are.
 */
async function signedFetch(request: Request): Promise<Response> {
  const again = request.clone()
  const access = await session.access()
  const response = await send(withToken(request, access.token))
  if (response.status !== 401 && response.status !== 403) return response
  const code = await problemCode(response)
  if (response.status === 401) {
    if (!TOKEN_PROBLEMS.has(code)) return response
    return send(withToken(again, (await session.access(access)).token))
  }
  if (code === 'second_factor_setup_required') stepUp.requireSetUp()
  if (code !== 'step_up_required' || !(await stepUp.ask())) return response
  const { token, userId } = await session.access()
  return userId === access.userId ? send(withToken(again, token)) : response
}

/** The code of a problem; the response can still be read afterwards. */
async function problemCode(response: Response): Promise<string> {
  try {
    const body: unknown = await response.clone().json()
    return String((body as { code?: unknown } | null)?.code)
  } catch {
    return 'unknown'
  }
}

function withToken(request: Request, token: string | null): Request {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

export const api: Client = createClient<paths, 'application/json'>({ fetch: signedFetch })

/** For what nobody asked for, like polls: a refused token is only a failure, and no dialog interrupts what one does. */
export const quietApi: Client = createClient<paths, 'application/json'>({
  fetch: async (request) => {
    await session.settled()
    return send(withToken(request, session.token))
  },
})
