import { FrontdeskError } from '@frontdesk/errors'
import { isBrokenCircuitError } from 'cockatiel'
import { Stripe } from 'stripe'

/**
 * The answer, if it is Stripe's, whose every object says what it is: the SDK takes any JSON without `error` for success, a gateway's own 503
 * too. @throws StripeConnectionError
 */
export function fromStripe<Answer>(answer: Answer): Answer {
  if (typeof (answer as { object?: unknown }).object === 'string') return answer
  throw notStripe()
}

/** The same for an answer that holds no object. @throws StripeConnectionError */
export function takenByStripe<Answer>(answer: Answer): Answer {
  const { lastResponse } = answer as Partial<Stripe.Response<object>>
  if (lastResponse && lastResponse.statusCode < 300 && lastResponse.requestId) return answer
  throw notStripe()
}

function notStripe() {
  return new Stripe.errors.StripeConnectionError({ message: 'somebody else than Stripe answered' })
}

/** Whether it passes by itself: too many requests, no answer, a fault of theirs, the same key at work elsewhere. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError)) return false
  if (error instanceof Stripe.errors.StripeConnectionError || error instanceof Stripe.errors.TemporarySessionExpiredError) return true
  const { statusCode } = error
  return statusCode === undefined || statusCode === 429 || statusCode === 409 || statusCode >= 500
}

/** Whether Stripe knows no such object, or no longer; a 404 alone can be a wrong host, which must not take what companies have. */
export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 404 && error.code === 'resource_missing'
}

/** Whether Stripe has no such thing at this path, in the words of either of its APIs. */
export function isUnknown(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.statusCode === 404
}

/** Whether what was opened for a while does not count any more. */
export function isSessionOver(error: unknown): boolean {
  return error instanceof Stripe.errors.TemporarySessionExpiredError || error instanceof Stripe.errors.StripeAuthenticationError
}

/** The outcome of a call as its metric names it. */
export function outcomeOf(error: unknown): string {
  if (isBrokenCircuitError(error)) return 'circuit_open'
  if (isMissing(error)) return 'missing'
  if (error instanceof Stripe.errors.StripeConnectionError) return 'no_answer'
  if (error instanceof Stripe.errors.StripeError) return error.statusCode === 429 ? 'rate_limited' : `http_${error.statusCode ?? 'unknown'}`
  return 'failed'
}

/** Stripe's error in our terms. What it says can name keys and accounts: that is for the log. */
export function toFrontdeskError(error: unknown): unknown {
  if (isBrokenCircuitError(error)) {
    return unavailable('Stripe fails again and again, and is left alone for a moment', error, circuitOpenMs)
  }
  if (!(error instanceof Stripe.errors.StripeError)) return error
  const detail = `${error.type} ${error.statusCode ?? ''} ${error.code ?? ''} ${error.requestId ?? ''}: ${error.message}`
  if (isPassing(error)) return unavailable(detail, error, retryAfterMs(error))
  if (error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError) {
    return new FrontdeskError('internal', { publicMessage: 'The payment provider does not let us in.', detail, cause: error })
  }
  return new FrontdeskError('failed_precondition', {
    publicMessage: `The payment provider refused this${error.param === undefined ? '' : ` for its ${error.param}`}.`,
    detail,
    cause: error,
  })
}

/** An event that is of another account or mode, or older than the 30 days for which Stripe keeps it. */
export function unknownEvent(id: string, cause: Error): FrontdeskError {
  return new FrontdeskError('not_found', {
    publicMessage: `Stripe knows no event ${id}, or no longer: nobody can say what its meters could not count.`,
    cause,
  })
}

/** How long the breaker stays open. */
export const circuitOpenMs = 2_000
const retryAfterMsMax = 60_000

function retryAfterMs(error: Stripe.errors.StripeError): number {
  const seconds = Number(error.headers?.['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1_000, retryAfterMsMax) : 0
}

function unavailable(detail: string, cause: unknown, waitMs: number): FrontdeskError {
  return new FrontdeskError('unavailable', {
    publicMessage: 'The payment provider does not answer. Try again.',
    detail,
    cause,
    ...(waitMs > 0 && { retryAfterMs: waitMs }),
  })
}
