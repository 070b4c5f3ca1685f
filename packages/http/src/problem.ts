import { toFrontdeskError } from '@frontdesk/errors'
import type { ErrorCode, FrontdeskError } from '@frontdesk/errors'
import { activeTraceId } from '@frontdesk/telemetry'

/** The HTTP status of every failure. */
export const httpStatusOf: Readonly<Record<ErrorCode, number>> = {
  malformed_json: 400,
  invalid_argument: 400,
  payload_too_large: 413,
  unsupported_encoding: 415,
  signature_missing: 401,
  signature_malformed: 401,
  signature_invalid: 401,
  timestamp_out_of_tolerance: 401,
  token_missing: 401,
  token_invalid: 401,
  token_expired: 401,
  permission_denied: 403,
  unknown_connection: 404,
  not_found: 404,
  method_not_allowed: 405,
  already_exists: 409,
  version_conflict: 409,
  failed_precondition: 409,
  rate_limited: 429,
  unavailable: 503,
  deadline_exceeded: 504,
  // nginx's number for a caller that went away; nobody is left to read it.
  cancelled: 499,
  internal: 500,
}

/** A failure as its body tells it: RFC 9457, with our stable `code` and the trace to ask us about. */
export interface ProblemBody {
  /** `urn:frontdesk:problem:<code>` */
  type: string
  title: string
  status: number
  code: ErrorCode
  /** The error's public message; never its internal detail. */
  detail: string
  traceId?: string
}

/** A failure as an HTTP answer, `application/problem+json`. */
export interface Problem {
  status: number
  headers: Record<string, string>
  body: ProblemBody
}

/** How an error is told to an HTTP caller; what is not ours becomes `internal` and leaks nothing. */
export function toProblem(error: unknown, traceId: string | undefined = activeTraceId()): Problem {
  const known = toFrontdeskError(error)
  const status = httpStatusOf[known.code]
  return {
    status,
    headers: headersOf(known, status),
    body: {
      type: `urn:frontdesk:problem:${known.code}`,
      title: titleOf(known.code),
      status,
      code: known.code,
      detail: known.publicMessage,
      ...(traceId !== undefined && { traceId }),
    },
  }
}

/** `signature_invalid` → `Signature invalid` */
function titleOf(code: ErrorCode): string {
  const words = code.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function headersOf(error: FrontdeskError, status: number): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  // RFC 9110 has 415 say which encodings would do.
  if (error.code === 'unsupported_encoding') headers['accept-encoding'] = 'identity'
  if (status === 401) headers['www-authenticate'] = challengeOf(error.code)
  const retryAfterMs = error.retryAfterMs ?? (status === 429 || status === 503 ? 1_000 : undefined)
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)))
  return headers
}

/** RFC 9110 wants the scheme named with every 401, and RFC 6750 what is wrong with a token that was sent. */
function challengeOf(code: ErrorCode): string {
  if (code === 'token_missing') return 'Bearer'
  return code.startsWith('token_') ? 'Bearer error="invalid_token"' : 'Signature'
}
