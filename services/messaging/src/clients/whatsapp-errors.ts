import type { AttemptOutcome } from '../domain/attempt.ts'

/** What the provider said instead of taking a message. */
export interface Refusal {
  readonly httpStatus: number
  /** Meta's error code; undefined when the body was none of Meta's. */
  readonly code: number | undefined
  readonly message: string
  readonly retryAfterMs: number | undefined
}

const minuteMs = 60_000

/**
 * What passes, and when to try again: application and account limits, an access token that has ended until an operator sets
 * another, throughput, one recipient's rate, spam limit. Of every other code below 500 the same call would be refused again.
 */
const passing: ReadonlyMap<number, number> = new Map([
  [4, minuteMs],
  [80007, minuteMs],
  [190, minuteMs],
  [130429, 1_000],
  [131056, 6_000],
  [131048, 10 * minuteMs],
])

/** Of an answer without such a code. */
const passingStatuses: ReadonlyMap<number, number> = new Map([
  [401, minuteMs],
  [429, 1_000],
])

const windowClosed = 131047

/** The outcome that an error answer stands for. Behind a 5xx, Meta may have sent the message. */
export function outcomeOf({ httpStatus, code, message, retryAfterMs }: Refusal): AttemptOutcome {
  const reason = `WhatsApp ${code ?? `HTTP ${httpStatus}`}: ${message}`
  if (httpStatus < 400 || httpStatus >= 500 || httpStatus === 408) return { kind: 'unknown', reason }
  if (code === windowClosed) return { kind: 'window_closed', reason }
  const passesAfterMs = passing.get(code ?? -1) ?? passingStatuses.get(httpStatus)
  if (passesAfterMs === undefined) return { kind: 'refused', reason }
  return { kind: 'later', reason, retryAfterMs: Math.max(retryAfterMs ?? 0, passesAfterMs) }
}

/** Failures to connect, of which it is certain that no request left. */
const neverLeft: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** The outcome of a call that had no answer: after a reset or a time-out nobody knows. */
export function outcomeOfFailure(error: unknown): AttemptOutcome {
  const { code, syscall } = causeOf(error)
  // A route can also be lost under an established connection, whose request may have arrived.
  const hasLeft = syscall === 'read' || syscall === 'write'
  if (code !== undefined && neverLeft.has(code) && !hasLeft)
    return { kind: 'later', reason: `WhatsApp can not be reached (${code}).`, retryAfterMs: 0 }
  return { kind: 'unknown', reason: `WhatsApp gave no answer (${code ?? (error instanceof Error ? error.name : 'unknown')}).` }
}

/** The first cause that the system named. */
function causeOf(error: unknown): { readonly code?: string; readonly syscall?: unknown } {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    if ('code' in current && typeof current.code === 'string') {
      return { code: current.code, syscall: 'syscall' in current ? current.syscall : undefined }
    }
  }
  return {}
}
