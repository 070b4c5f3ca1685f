import type Stripe from 'stripe'
import { type Clock, secondsOf } from '../shared/clock.ts'
import { randomText } from '../shared/ids.ts'
import type { ErrorReport, StripeEvent, ThinEvent } from './objects/types.ts'
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
  emitThin(type: ThinEvent['type'], relatedObject: ThinEvent['related_object'], data: ErrorReport): void
}

/** Who hears of each event; of a thin one without its data. */
export type Publish = (event: StripeEvent | Omit<ThinEvent, 'data'>) => void

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
      emitThin(type, relatedObject, data) {
        const notification = {
          id: newId('evt'),
          object: 'v2.core.event',
          type,
          created: new Date(now * 1_000).toISOString(),
          livemode: false,
          context: null,
          related_object: relatedObject,
        } as const
        state.thinEvents.set(notification.id, { ...notification, data })
        publish(notification)
      },
    }
  }
}

/** What the members that changed were before. */
function differences(previous: object, current: object): object {
  const now = current as Record<string, unknown>
  return Object.fromEntries(Object.entries(previous).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(now[key])))
}
