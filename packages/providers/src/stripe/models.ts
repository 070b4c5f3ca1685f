import type { Checkout, EventSource, EventType, PayloadOf } from '@frontdesk/contracts'
import type { z } from 'zod'
import { memberOf } from '../json.ts'
import { type Model, model, unmodelled } from '../normalized-event.ts'
import { fit } from '../schema.ts'
import {
  checkoutEvent,
  disputeEvent,
  envelope,
  invoiceEvent,
  meterEvent,
  paymentEvent,
  refundEvent,
  type StripeCheckout,
  subscriptionEvent,
  thinEvent,
} from './schema.ts'

/** How the kind of event becomes a payload: by its family, which its name begins with. */
export function modelOf(kind: string): Model {
  // The thin event of an object of v1 has the snapshot's name behind that.
  const name = kind.replace(/^v1\./, '')
  return families.find(({ begins, except }) => begins.some((start) => name.startsWith(start)) && !except?.includes(name))?.model ?? anyOther
}

interface Family {
  readonly begins: readonly string[]
  readonly except?: readonly string[]
  readonly model: Model
}

const refundChanged = changed('frontdesk.refund.changed.v1', refundEvent, (object, source) => ({
  source,
  refundId: object.id,
  paymentIntentId: object.payment_intent ?? '',
  chargeId: object.charge ?? '',
  status: object.status ?? '',
  reason: object.failure_reason ?? object.reason ?? '',
}))
const checkoutCompleted = changed('frontdesk.checkout.completed.v1', checkoutEvent, (object, source) => ({
  source,
  checkout: checkoutOf(object),
}))
const checkoutChanged = changed('frontdesk.checkout.changed.v1', checkoutEvent, (object, source) => ({
  source,
  checkout: checkoutOf(object),
}))

/** The first that fits counts. */
const families: readonly Family[] = [
  {
    begins: ['customer.subscription.'],
    model: changed('frontdesk.subscription.changed.v1', subscriptionEvent, (object, source) => ({
      source,
      subscriptionId: object.id,
      customerId: object.customer ?? '',
      status: object.status ?? '',
    })),
  },
  {
    begins: ['invoice.'],
    // A preview, which has no id.
    except: ['invoice.upcoming'],
    model: changed('frontdesk.invoice.changed.v1', invoiceEvent, (object, source) => ({
      source,
      invoiceId: object.id,
      customerId: object.customer ?? '',
      subscriptionId: object.parent?.subscription_details?.subscription ?? '',
      status: object.status ?? '',
    })),
  },
  {
    begins: ['charge.dispute.'],
    model: changed('frontdesk.dispute.changed.v1', disputeEvent, (object, source) => ({
      source,
      disputeId: object.id,
      paymentIntentId: object.payment_intent ?? '',
      chargeId: object.charge ?? '',
      status: object.status ?? '',
      reason: object.reason ?? '',
    })),
  },
  { begins: ['refund.', 'charge.refund.'], model: refundChanged },
  {
    begins: ['payment_intent.', 'invoice_payment.', 'charge.'],
    model: changed('frontdesk.payment.changed.v1', paymentEvent, (object, source) => {
      const kind = kindOf(source)
      return {
        source,
        paymentId: object.id,
        kind,
        paymentIntentId: kind === 'payment_intent' ? object.id : (object.payment_intent ?? object.payment?.payment_intent ?? ''),
        invoiceId: object.invoice ?? '',
        customerId: object.customer ?? '',
        status: object.status ?? '',
      }
    }),
  },
  { begins: ['checkout.session.completed'], model: checkoutCompleted },
  { begins: ['checkout.session.'], model: checkoutChanged },
  {
    begins: ['billing.meter.error_report_triggered', 'billing.meter.no_meter_found'],
    model: model('frontdesk.meter.failed.v1', meterEvent, ({ id, related_object }, source) => ({
      source,
      providerEventId: id,
      meterId: related_object?.id ?? '',
    })),
  },
]
const anyOther = unmodelled(envelope)

/** What changed, by its id; a thin event says no more than that. */
function changed<Type extends EventType, Body extends { readonly data: { readonly object: unknown } }>(
  type: Type,
  schema: z.ZodType<Body>,
  payload: (object: Body['data']['object'], source: EventSource) => PayloadOf<Type>,
): Model {
  const told = model(type, schema, ({ data: { object } }, source) => payload(object, source))
  return (json, source, at) => {
    if (memberOf(json, 'object') !== 'v2.core.event') return told(json, source, at)
    const thin = fit(thinEvent, json, at)
    return thin.ok ? told({ ...thin.value, data: { object: { id: thin.value.related_object.id } } }, source, at) : thin
  }
}

/** `charge` of `charge.succeeded`, thin or not. */
function kindOf({ providerEventType }: EventSource): string {
  return providerEventType.replace(/^v1\./, '').split('.', 1)[0] ?? ''
}

function checkoutOf(object: StripeCheckout): Checkout {
  return {
    checkoutId: object.id,
    customerId: object.customer ?? '',
    subscriptionId: object.subscription ?? '',
    paymentIntentId: object.payment_intent ?? '',
    status: object.status ?? '',
    paymentStatus: object.payment_status ?? '',
  }
}
