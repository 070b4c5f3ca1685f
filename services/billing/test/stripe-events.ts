import type { CompanyId } from '@frontdesk/contracts'
import { companyEvent, type CompanyEvent } from '@frontdesk/outbox/testing'
import type { SandboxWebhook } from '@frontdesk/testing'
import type { Stripe } from 'stripe'

/** What the ingress and the resolver make of a webhook of Stripe's: an event of the company whose customer it names. */
export function eventOfWebhook(
  { body }: SandboxWebhook,
  companyOf: (customerId: string) => CompanyId | undefined,
): CompanyEvent | undefined {
  const { id, type, created, data } = JSON.parse(body) as Stripe.Event
  const object = data.object as Stripe.Subscription | Stripe.Invoice
  const companyId = companyOf(idOf(object.customer))
  if (!companyId) return undefined
  const source = { occurredAt: new Date(created * 1_000), receivedAt: new Date(), provider: 'stripe', providerEventType: type }
  const known = { source, customerId: object.customer, status: object.status }
  if (object.object === 'subscription') {
    return companyEvent(companyId, 'frontdesk.subscription.changed.v1', id, { ...known, subscriptionId: object.id })
  }
  if (object.object === 'invoice') return companyEvent(companyId, 'frontdesk.invoice.changed.v1', id, { ...known, invoiceId: object.id })
  return undefined
}

/** A reference is an id, or the object itself where it was expanded. */
export function idOf(reference: string | { readonly id: string } | null): string {
  return typeof reference === 'string' ? reference : (reference?.id ?? '')
}
