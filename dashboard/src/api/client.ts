/** The one way to the server: typed by `openapi.json`, signed with the session's token, failing with `ApiError`. */
import createClient from 'openapi-fetch'
import { session } from '../auth/use-session'
import { networkError, toApiError } from './problem'
import type { paths } from './schema'

const LOGIN_PATH = '/api/v1/auth/login'

/** Sends the request with the token; after a 401 waits until the user has signed in again and sends it once more. */
async function signedFetch(request: Request): Promise<Response> {
  if (new URL(request.url).pathname === LOGIN_PATH) return send(request)
  const again = request.clone()
  const token = session.token
  const response = await send(withToken(request, token))
  if (response.status !== 401) return response
  await session.renewed(token)
  return send(withToken(again, session.token))
}

function withToken(request: Request, token: string | null): Request {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (cause) {
    if (request.signal.aborted) throw cause
    throw networkError()
  }
}

export const api = createClient<paths, 'application/json'>({ fetch: signedFetch })

export type Client = typeof api

/** For what nobody asked for, like polls: a refused token is only a failure, and no dialog interrupts what one does. */
export const quietApi: Client = createClient<paths, 'application/json'>({
  fetch: (request) => send(withToken(request, session.token)),
})

interface Outcome<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of a successful answer; throws `ApiError` otherwise. */
export async function unwrap<T>(outcome: Promise<Outcome<T>>): Promise<T> {
  return (await unwrapWithEtag(outcome)).data
}

/** The same, with the version of the thing for a later `If-Match`. */
export async function unwrapWithEtag<T>(
  outcome: Promise<Outcome<T>>,
): Promise<{ data: T; etag: string | null }> {
  const { data, error, response } = await outcome
  if (!response.ok) throw toApiError(response.status, error)
  return { data: data as T, etag: response.headers.get('ETag') }
}
