/** The way to the server for those who are not signed in, and what every way to it shares. */
import createClient from 'openapi-fetch'
import { networkError, toApiError } from './problem'
import type { paths } from './schema'

/** Sends a request as it is; fails with `ApiError` when no answer comes. */
export async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (cause) {
    if (request.signal.aborted && !isTimeout(request.signal)) throw cause
    throw networkError()
  }
}

const isTimeout = (signal: AbortSignal) =>
  (signal.reason as Partial<Error> | undefined)?.name === 'TimeoutError'

/** For those who are not signed in, and for signing in. */
export const publicApi = createClient<paths, 'application/json'>({ fetch: send })

export type Client = typeof publicApi

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
