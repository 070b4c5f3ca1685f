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

/** A thin event: it names its object and says nothing of it. */
export const thinEvent = envelope.extend({ related_object: z.object({ id: identifier }) })

/** A meter's errors are always thin; where there is no such meter none is named. */
export const meterEvent = envelope.extend({ related_object: z.object({ id: identifier }).nullish() })

const status = text(64).nullish()
const link = reference.nullish()

function snapshot<Object extends z.ZodType>(object: Object) {
  return envelope.extend({ data: z.object({ object }) })
}

export const subscriptionEvent = snapshot(z.object({ id: identifier, customer: link, status }))

export const invoiceEvent = snapshot(
  z.object({
    id: identifier,
    customer: link,
    status,
    parent: z.object({ subscription_details: z.object({ subscription: link }).nullish() }).nullish(),
  }),
)

export const paymentEvent = snapshot(
  z.object({
    id: identifier,
    customer: link,
    status,
    invoice: link,
    payment_intent: link,
    payment: z.object({ payment_intent: link }).nullish(),
  }),
)

const ofCharge = { id: identifier, charge: link, payment_intent: link, status, reason: text(255).nullish() }
export const refundEvent = snapshot(z.object({ ...ofCharge, failure_reason: text(255).nullish() }))
export const disputeEvent = snapshot(z.object(ofCharge))

export const checkoutEvent = snapshot(
  z.object({ id: identifier, customer: link, subscription: link, payment_intent: link, status, payment_status: status }),
)

export type StripeCheckout = z.output<typeof checkoutEvent>['data']['object']
