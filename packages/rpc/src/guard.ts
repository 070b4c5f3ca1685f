import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  handleWhen,
  isTaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'

/** How long a caller waits for one neighbour, and when it gives up asking. */
export interface GuardOptions {
  /** The neighbour's name, for the errors. */
  readonly audience: string
  /** For a call with all that belongs to it, its caller token too. */
  readonly timeoutMs: number
  /** So many calls in a row that found no answer (5 when left out) open the circuit: then none is made. */
  readonly failures?: number
  /** After so long one call is tried again; 2 s when left out. */
  readonly tryAgainAfterMs?: number
}

/** Runs a call to the neighbour that it guards. */
export type Guard = <Answer>(call: (options: { signal: AbortSignal }) => Promise<Answer>) => Promise<Answer>

/**
 * A time limit and a circuit breaker for the calls to one neighbour, for callers that can do without its answer: a
 * neighbour that hangs costs the first of them the time, and the next ones nothing. A refusal is an answer.
 * The call fails with a FrontdeskError `deadline_exceeded`, or `unavailable` while the circuit is open.
 */
export function createGuard({ audience, timeoutMs, failures = 5, tryAgainAfterMs = 2_000 }: GuardOptions): Guard {
  const unanswered = handleWhen((error) => isTaskCancelledError(error) || (isFrontdeskError(error) && error.retryable))
  const breaker = circuitBreaker(unanswered, { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: tryAgainAfterMs })
  const policy = wrap(breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive))

  return async (call) => {
    try {
      return await policy.execute(({ signal }) => call({ signal }))
    } catch (error) {
      if (isTaskCancelledError(error)) {
        const publicMessage = `${audience} did not answer in time.`
        throw new FrontdeskError('deadline_exceeded', { publicMessage, detail: `not within ${timeoutMs} ms`, cause: error })
      }
      if (error instanceof BrokenCircuitError) {
        const publicMessage = `${audience} can not be reached at the moment.`
        throw new FrontdeskError('unavailable', { publicMessage, detail: 'the circuit is open', cause: error })
      }
      throw error
    }
  }
}
