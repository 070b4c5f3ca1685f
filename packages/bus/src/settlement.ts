import { FrontdeskError } from '@frontdesk/errors'

/** What the consumption tells the broker about one event. */
export type Settlement =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** The dead letter is already committed, so the broker gets an ack. */
  | { readonly kind: 'dead-letter'; readonly reason: string }

/** How the handling of one event ended. */
export type HandlingOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'failed'; readonly error: FrontdeskError | Error }

const shortestDelayMs = 1_000
/** The longest time between two attempts. */
export const longestDelayMs = 5 * 60_000
/** Long enough for a bad deployment to be rolled back, short enough for a person to hear of it the same hour. */
const attemptsAtUnknown = 8

/** Codes that say nothing about the event: a bug of ours, or a process that was stopping. */
const unknownCodes: ReadonlySet<string> = new Set(['internal', 'cancelled'])

/** Whether the failure says nothing about the event, nor that it passes: only such a failure counts towards the eight. */
export function isUnknownFailure(error: Error): boolean {
  return error instanceof FrontdeskError ? !error.retryable && unknownCodes.has(error.code) : true
}

/**
 * Settles an event by its outcome and its attempt (1 at the first); `random` gives [0, 1). For an unknown failure the
 * attempt is how often the event has failed so: the broker's count has every outage in it, too.
 */
export function settle(outcome: HandlingOutcome, attempt: number, random: () => number = Math.random): Settlement {
  if (outcome.kind !== 'failed') return { kind: 'ack' }
  const { error } = outcome
  const ours = error instanceof FrontdeskError ? error : undefined
  if (ours?.retryable) return { kind: 'retry', delayMs: retryDelayMs(attempt, random, ours.retryAfterMs) }
  if (ours && !isUnknownFailure(ours)) return { kind: 'dead-letter', reason: ours.code }
  if (attempt >= attemptsAtUnknown) return { kind: 'dead-letter', reason: ours?.code ?? 'unknown_error' }
  return { kind: 'retry', delayMs: retryDelayMs(attempt, random, ours?.retryAfterMs) }
}

/** Half fixed, half random, doubling; what the failure itself asks for is a lower bound. */
function retryDelayMs(attempt: number, random: () => number, retryAfterMs = 0): number {
  const ceilingMs = Math.min(longestDelayMs, shortestDelayMs * 2 ** Math.min(Math.max(attempt, 1), 20))
  const delayMs = Math.round((ceilingMs / 2) * (1 + random()))
  return Math.min(longestDelayMs, Math.max(delayMs, retryAfterMs))
}
