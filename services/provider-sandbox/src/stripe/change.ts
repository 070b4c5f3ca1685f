import type Stripe from 'stripe'
import { type Clock, secondsOf } from '../shared/clock.ts'
import { randomText } from '../shared/ids.ts'
import type { StripeEvent } from './objects/types.ts'
import type { StripeState } from './state.ts'

/** The API version whose shapes these are. */
export const apiVersion = '2026-10-28.endive'

/** Which request an event comes from; neither for what happens by itself. */
export interface Cause {
  readonly requestId: string | null
  readonly idempotencyKey: string | null
}

/** One change of the state: its time, its new ids, and the events that tell of it. */
export interface Change {
  readonly state: StripeState
  /** In seconds. */
  readonly now: number
  newId(prefix: string): string
  emit(type: Stripe.Event.Type, object: object, previous?: object): void
}

/** Who hears of each event. */
export type Publish = (event: StripeEvent) => void

export const byItself: Cause = { requestId: null, idempotencyKey: null }

export function createChanges(state: StripeState, clock: Clock, publish: Publish): (cause: Cause) => Change {
  const newId = (prefix: string) => `${prefix}_${randomText(24)}`
  return (cause) => {
    const now = secondsOf(clock())
    return {
      state,
      now,
      newId,
      emit(type, object, previous) {
        const event: StripeEvent = {
          id: newId('evt'),
          object: 'event',
          api_version: apiVersion,
          created: now,
          data: { object, ...(previous && { previous_attributes: differences(previous, object) }) },
          livemode: false,
          pending_webhooks: 1,
          request: { id: cause.requestId, idempotency_key: cause.idempotencyKey },
          type,
        }
        state.events.set(event.id, event)
        publish(event)
      },
    }
  }
}

/** What the members that changed were before. */
function differences(previous: object, current: object): object {
  const now = current as Record<string, unknown>
  return Object.fromEntries(Object.entries(previous).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(now[key])))
}
