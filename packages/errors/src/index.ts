/** Every way in which Frontdesk refuses or fails, by its stable name; each transport maps all of them in one table. */
export const errorCodes = [
  'malformed_json',
  'invalid_argument',
  'payload_too_large',
  'unsupported_encoding',
  'signature_missing',
  'signature_malformed',
  'signature_invalid',
  'timestamp_out_of_tolerance',
  'token_missing',
  'token_invalid',
  'token_expired',
  'permission_denied',
  'unknown_connection',
  'not_found',
  'method_not_allowed',
  'already_exists',
  'version_conflict',
  'failed_precondition',
  'rate_limited',
  'unavailable',
  'deadline_exceeded',
  'cancelled',
  'internal',
] as const

/** The stable name of a failure. */
export type ErrorCode = (typeof errorCodes)[number]

/** What passes by itself: a caller may try the same again. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'unavailable', 'deadline_exceeded', 'version_conflict'])

/** What a FrontdeskError is made of besides its code. */
export interface FrontdeskErrorOptions {
  /** Safe to show to anyone: names what is wrong and what to do. */
  publicMessage: string
  /** For the log alone. */
  detail?: string
  cause?: unknown
  /** Whether the same call may succeed later; by the code when left out. */
  retryable?: boolean
  /** How long to wait before trying again, in ms. */
  retryAfterMs?: number
}

/** A failure with a stable code, a text for the caller, and another for the log. */
export class FrontdeskError extends Error {
  readonly code: ErrorCode
  readonly publicMessage: string
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, options: FrontdeskErrorOptions) {
    super(options.detail ? `${options.publicMessage} (${options.detail})` : options.publicMessage, { cause: options.cause })
    this.name = 'FrontdeskError'
    this.code = code
    this.publicMessage = options.publicMessage
    this.retryable = options.retryable ?? retryableCodes.has(code)
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The error of an argument that can't be taken; the message names the field and what it must be. */
export function invalidArgument(publicMessage: string): FrontdeskError {
  return new FrontdeskError('invalid_argument', { publicMessage })
}

/** Whether the value is a FrontdeskError, of the given code if one is given. */
export function isFrontdeskError(error: unknown, code?: ErrorCode): error is FrontdeskError {
  return error instanceof FrontdeskError && (code === undefined || error.code === code)
}

/** The error itself if it is ours, else an `internal` one that keeps it as its cause and leaks nothing. */
export function toFrontdeskError(error: unknown): FrontdeskError {
  if (error instanceof FrontdeskError) return error
  return new FrontdeskError('internal', {
    publicMessage: 'Something went wrong on our side. Try again; if it stays, give us the trace id.',
    detail: error instanceof Error ? error.message : String(error),
    cause: error,
  })
}
