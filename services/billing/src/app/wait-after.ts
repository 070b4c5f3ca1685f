import { isFrontdeskError } from '@frontdesk/errors'
import { type BackoffLimits, backoffMs } from '../domain/backoff.ts'

/** How long a failed attempt waits, in ms: its backoff, and at least as long as the other side asked for. */
export function waitAfter(error: unknown, attempts: number, limits: BackoffLimits, random: () => number): number {
  return Math.max(backoffMs(attempts, limits, random), isFrontdeskError(error) ? (error.retryAfterMs ?? 0) : 0)
}
