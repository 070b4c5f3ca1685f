import { isFrontdeskError } from '@frontdesk/errors'
import type { Stripe } from 'stripe'
import { gathered } from '../app/gathered.ts'

/** One use in Stripe's words; `timestamp` is ISO 8601. */
export type MeterEvent = Parameters<Stripe['v2']['billing']['meterEventStream']['create']>[0]['events'][number]

/** Leave to send uses, for a while. */
export interface MeterSession {
  readonly send: (events: MeterEvent[]) => Promise<void>
  readonly expiresAt: Date
}

export interface MeterStreamOptions {
  readonly openSession: () => Promise<MeterSession>
  /** Whether a failure says that the session is over. */
  readonly isOver: (error: unknown) => boolean
}

/** Stripe's limit of one request (https://docs.stripe.com/api/v2/billing-meter-stream). */
const eventsPerRequest = 100
const requestsAtOnce = 4
const gatherMs = 10
/** Of the fifteen minutes that a session lasts, for clocks that differ. */
const renewBeforeMs = 60_000

/**
 * Tells Stripe's meters of uses over its meter event stream, many in a request. What Stripe takes it validates later; what it could not count
 * then, it tells by events.
 */
export function createMeterStream({ openSession, isOver }: MeterStreamOptions): (event: MeterEvent) => Promise<void> {
  let session: MeterSession | undefined
  let opening: Promise<MeterSession> | undefined

  async function current(): Promise<MeterSession> {
    if (session && Date.now() < session.expiresAt.getTime() - renewBeforeMs) return session
    // One for all who come meanwhile.
    opening ??= openSession().finally(() => (opening = undefined))
    return (session = await opening)
  }

  async function send(events: readonly MeterEvent[]): Promise<void> {
    const used = await current()
    try {
      await used.send([...events])
    } catch (error) {
      if (!isOver(error)) throw error
      if (session === used) session = undefined
      await (await current()).send([...events])
    }
  }

  return gathered(send, {
    mostAtOnce: eventsPerRequest,
    gatherMs,
    batchesAtOnce: requestsAtOnce,
    // One of them may be to blame for a refusal; any other failure concerns all.
    worthSplitting: (error) => isFrontdeskError(error, 'failed_precondition'),
  })
}
