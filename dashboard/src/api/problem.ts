/** RFC 9457 problems as the one kind of error that the pages know. */
import type { FieldErrorCode, Problem } from './types'

export interface FieldError {
  /** JSON pointer into the body that was sent. */
  pointer: string
  code: string
  detail: string
}

/** Anything but the answer we wanted: a problem of the server's, or no answer at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly errors: FieldError[]
  readonly requestId: string | null

  constructor(
    status: number,
    code: string,
    message: string,
    errors: FieldError[] = [],
    requestId: string | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.errors = errors
    this.requestId = requestId
  }
}

/** Turns whatever a failed request left behind into an `ApiError`. */
export function toApiError(status: number, body: unknown): ApiError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>
  const message = problem.detail ?? problem.title ?? `The server answered with status ${status}.`
  const errors = (problem.errors ?? []).map((error) => ({ ...error, detail: sentence(error) }))
  return new ApiError(status, problem.code ?? 'unknown', message, errors, problem.request_id ?? null)
}

/** The server says what a field must be in a few words; people get a sentence. */
function sentence({ code, detail }: { code: FieldErrorCode; detail: string }): string {
  switch (code) {
    case 'required':
      return 'Please fill this in.'
    case 'too_long':
      return `This is too long: ${detail}.`
    case 'too_short':
      return `This is too short: ${detail}.`
    case 'too_common':
      return 'This is one of the passwords that everybody tries first. Choose another one.'
    case 'contains_name':
      return 'Your name or address is in it, which makes it easy to guess. Choose another one.'
    case 'too_few':
      return `There are too few: ${detail}.`
    case 'too_many':
      return `There are too many: ${detail}.`
    case 'out_of_range':
      return `Please choose from ${detail}.`
    default:
      return `${detail.charAt(0).toUpperCase()}${detail.slice(1)}${/[.!?]$/.test(detail) ? '' : '.'}`
  }
}

/** Fields that are wrong before anything is sent. */
export function invalidFields(errors: FieldError[]): ApiError {
  return new ApiError(422, 'invalid', 'Please correct the marked fields.', errors)
}

/** No answer came: the network is down, or the server is. */
export function networkError(): ApiError {
  return new ApiError(0, 'network', 'The server could not be reached. Check the connection and try again.')
}

/** A sentence for a person: what happened, and what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Something went wrong on this page. Reload it and try again.'
  if (error.status === 0) return error.message
  if (error.status === 404) return 'This does not exist any more, or belongs to another school.'
  if (error.code === 'step_up_required') return 'Nothing was done, as you did not confirm that it is you.'
  if (error.status === 429) return 'Too many requests in a short time. Wait a moment and try again.'
  if (error.status >= 500)
    return 'The server had a problem. Nothing you did is at fault; try again in a moment.'
  return error.message
}
