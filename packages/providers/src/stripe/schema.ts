import { z } from 'zod'
import { identifier, text } from '../schema.ts'

/** Stripe's name for a kind of event; those of v2 can hold brackets, as in `v2.core.account[requirements].updated`. */
export const eventType = z
  .string()
  .regex(/^[a-z][a-z0-9_.[\]-]{0,127}$/, 'expected a name of up to 128 lower-case letters, digits, or _ . - [ ]')

/** What every Stripe event has: a snapshot of an object, or a thin one that only names it. */
export const envelope = z.object({ id: identifier, object: z.enum(['event', 'v2.core.event']), type: eventType })

/** Another object's id; where it was expanded, that of the object. */
export const reference = z.union([identifier, z.object({ id: identifier }).transform(({ id }) => id)], {
  error: 'expected an id, or an object with one',
})

const status = text(64).nullish()

export const subscriptionEvent = envelope.extend({
  data: z.object({ object: z.object({ id: identifier, customer: reference.nullish(), status }) }),
})

export const invoiceEvent = envelope.extend({
  data: z.object({
    object: z.object({
      id: identifier,
      customer: reference.nullish(),
      status,
      parent: z.object({ subscription_details: z.object({ subscription: reference.nullish() }).nullish() }).nullish(),
    }),
  }),
})
