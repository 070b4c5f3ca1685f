import type Stripe from 'stripe'

// The official SDK's types, as they travel: decimals as text, and other objects by their id.

export type Customer = Stripe.Customer
export type Product = Stripe.Product
export type Meter = Stripe.Billing.Meter
export type MeterEvent = Stripe.Billing.MeterEvent

export type Price = Omit<Stripe.Price, 'unit_amount_decimal' | 'product'> & { unit_amount_decimal: string | null; product: string }
export type Plan = Omit<Stripe.Plan, 'amount_decimal'> & { amount_decimal: string | null }
export type SubscriptionItem = Omit<Stripe.SubscriptionItem, 'price' | 'plan'> & { price: Price; plan: Plan }
export type SubscriptionStatus = 'active' | 'canceled' | 'incomplete' | 'incomplete_expired' | 'past_due' | 'paused' | 'trialing'
export type Subscription = Omit<Stripe.Subscription, 'items' | 'customer' | 'latest_invoice' | 'status' | 'default_payment_method'> & {
  items: Stripe.ApiList<SubscriptionItem>
  customer: string
  latest_invoice: string | null
  status: SubscriptionStatus
  default_payment_method: string | null
}

export type InvoiceLine = Omit<Stripe.InvoiceLineItem, 'pricing' | 'quantity_decimal'> & {
  pricing: { type: 'price_details'; price_details: { price: string; product: string }; unit_amount_decimal: string | null }
  quantity_decimal: string | null
}
export type InvoiceStatus = 'draft' | 'open' | 'paid' | 'void'
export type Invoice = Omit<Stripe.Invoice, 'lines' | 'customer' | 'status' | 'payments'> & {
  lines: Stripe.ApiList<InvoiceLine>
  customer: string
  status: InvoiceStatus
}

/** What a caller wrote on an object; an empty value takes its key away. */
export type Metadata = Readonly<Record<string, string>>

/** An object as one of the events about it shows it. */
export interface StripeEvent {
  readonly id: string
  readonly object: 'event'
  readonly api_version: string
  readonly created: number
  readonly data: { readonly object: object; readonly previous_attributes?: object }
  readonly livemode: false
  readonly pending_webhooks: number
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null }
  readonly type: Stripe.Event.Type
}

/** Which usage events were not counted, and why. */
export type ErrorReport = Stripe.Events.V1BillingMeterErrorReportTriggeredEvent.Data

/** An event as v2 answers it; the webhook of it is thin: it lacks the data. */
export interface ThinEvent {
  readonly id: string
  readonly object: 'v2.core.event'
  readonly type: (Stripe.Events.V1BillingMeterErrorReportTriggeredEvent | Stripe.Events.V1BillingMeterNoMeterFoundEvent)['type']
  /** ISO 8601. */
  readonly created: string
  readonly livemode: false
  readonly context: null
  readonly related_object: Stripe.Events.RelatedObject | null
  readonly data: ErrorReport
}

/** A list inside another object, which is always whole. */
export function wholeList<T>(url: string, data: T[]): Stripe.ApiList<T> {
  return { object: 'list', data, has_more: false, url }
}

/** The metadata after a change. */
export function mergedMetadata(current: Metadata, change: Metadata | '' | undefined): Record<string, string> {
  if (change === '') return {}
  return Object.fromEntries(Object.entries({ ...current, ...change }).filter(([, value]) => value !== ''))
}
