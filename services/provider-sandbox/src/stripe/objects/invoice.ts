import { type Invoice, type InvoiceLine, type Subscription, type SubscriptionItem, wholeList } from './types.ts'
import type { Period } from './period.ts'

export type BillingReason = 'subscription_create' | 'subscription_cycle' | 'subscription_update'

/** One item's part of an invoice: the period it pays for, and how much of it. */
export interface BilledItem {
  readonly lineId: string
  readonly item: SubscriptionItem
  readonly period: Period
  readonly quantity: number
}

export interface InvoiceDetails {
  readonly id: string
  readonly subscription: Subscription
  readonly customerEmail: string | null
  readonly customerName: string | null
  readonly reason: BillingReason
  readonly billed: readonly BilledItem[]
}

/** An invoice of a subscription, still a draft. */
export function newInvoice({ id, subscription, reason, billed, ...details }: InvoiceDetails, now: number): Invoice {
  const lines = billed.map((each) => lineOf(id, subscription, each))
  const total = lines.reduce((sum, { amount }) => sum + amount, 0)
  const { collection_method: collectionMethod, days_until_due: daysUntilDue } = subscription
  return {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Sandbox',
    account_tax_ids: null,
    amount_due: total,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: total,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: reason,
    collection_method: collectionMethod,
    created: now,
    currency: subscription.currency,
    custom_fields: null,
    customer: subscription.customer,
    customer_account: null,
    customer_address: null,
    customer_email: details.customerEmail,
    customer_name: details.customerName,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: collectionMethod === 'send_invoice' ? now + (daysUntilDue ?? 30) * 86_400 : null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: wholeList(`/v1/invoices/${id}/lines`, lines),
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
      type: 'subscription_details',
    },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: Math.max(now, ...billed.map(({ period }) => period.start)),
    period_start: Math.min(...billed.map(({ period }) => period.start)),
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  }
}

function lineOf(invoice: string, subscription: Subscription, { lineId, item, period, quantity }: BilledItem): InvoiceLine {
  const { price } = item
  const amount = (price.unit_amount ?? 0) * quantity
  return {
    id: lineId,
    object: 'line_item',
    amount,
    currency: price.currency,
    description: `${quantity} × ${price.nickname ?? price.product}`,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice,
    livemode: false,
    metadata: subscription.metadata,
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: null,
        subscription: subscription.id,
        subscription_item: item.id,
      },
      type: 'subscription_item_details',
    },
    period,
    pretax_credit_amounts: [],
    pricing: {
      type: 'price_details',
      price_details: { price: price.id, product: price.product },
      unit_amount_decimal: price.unit_amount_decimal,
    },
    quantity,
    quantity_decimal: String(quantity),
    subscription: subscription.id,
    subtotal: amount,
    taxes: [],
  }
}

/** Fixed, with its number, and due. */
export function finalized(invoice: Invoice, number: string, now: number): Invoice {
  return {
    ...invoice,
    status: 'open',
    number,
    effective_at: now,
    ending_balance: 0,
    status_transitions: { ...invoice.status_transitions, finalized_at: now },
  }
}

export function paid(invoice: Invoice, now: number): Invoice {
  return {
    ...invoice,
    status: 'paid',
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempted: true,
    // Nothing is charged where nothing is due.
    attempt_count: invoice.attempt_count + (invoice.amount_due > 0 ? 1 : 0),
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: now },
  }
}

const retryAfterSeconds = 3 * 86_400

/** An attempt to collect it failed; another one follows in three days. */
export function paymentFailed(invoice: Invoice, now: number): Invoice {
  return { ...invoice, attempted: true, attempt_count: invoice.attempt_count + 1, next_payment_attempt: now + retryAfterSeconds }
}

export function voided(invoice: Invoice, now: number): Invoice {
  return {
    ...invoice,
    status: 'void',
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, voided_at: now },
  }
}

/** The subscription that an invoice is of. */
export function subscriptionOf(invoice: Invoice): string | undefined {
  const subscription = invoice.parent?.subscription_details?.subscription
  return typeof subscription === 'string' ? subscription : undefined
}
