import type { FetchOutcome, Observer, PaymentProvider, Refetch, RefetchQueue } from './ports.ts'
import { waitAfter } from './wait-after.ts'

export interface RefreshMirrorDependencies {
  readonly queue: RefetchQueue
  readonly provider: Pick<PaymentProvider, 'fetch'>
  readonly observer: Pick<Observer, 'fetched' | 'fetchFailed'>
  readonly random: () => number
}

const backoff = { firstMs: 500, longestMs: 5 * 60_000 }

/** Fetches one object and mirrors it; what fails waits alone, longer each time, for it is on disk. Never throws. */
export function refreshMirror({ queue, provider, observer, random }: RefreshMirrorDependencies) {
  async function fetched(refetch: Refetch): Promise<FetchOutcome> {
    const object = await provider.fetch(refetch)
    if (!object) return { kind: 'missing' }
    // Whatever company the event was attributed to: the customer decides.
    return object.state.customerId === refetch.customerId ? { kind: 'mirrored', object } : { kind: 'foreign' }
  }

  return async (refetch: Refetch): Promise<void> => {
    try {
      const outcome = await fetched(refetch)
      const kept = await queue.settle(refetch, outcome)
      observer.fetched(refetch, kept ? outcome.kind : 'superseded')
    } catch (error) {
      const delayMs = waitAfter(error, refetch.attempts, backoff, random)
      observer.fetchFailed(refetch, error, delayMs)
      // Where this fails too, the claim runs out.
      await queue.retryLater(refetch, delayMs).catch(() => undefined)
    }
  }
}
