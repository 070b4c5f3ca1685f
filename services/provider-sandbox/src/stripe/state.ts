import type { Customer, Invoice, Meter, MeterEvent, Price, Product, StripeEvent, Subscription, ThinEvent } from './objects/types.ts'

/** An answer that the same idempotency key gets again. */
export interface KeptAnswer {
  /** What was asked: method, path and parameters. */
  readonly request: string
  readonly status: number
  readonly body: object
}

/** Everything that Stripe remembers, by id and in the order of making. */
export interface StripeState {
  readonly customers: Map<string, Customer>
  readonly products: Map<string, Product>
  readonly prices: Map<string, Price>
  readonly subscriptions: Map<string, Subscription>
  readonly invoices: Map<string, Invoice>
  readonly meters: Map<string, Meter>
  /** By their identifier. */
  readonly meterEvents: Map<string, MeterEvent>
  readonly events: Map<string, StripeEvent>
  readonly thinEvents: Map<string, ThinEvent>
  /** By idempotency key. */
  readonly answers: Map<string, KeptAnswer>
}

export function emptyState(): StripeState {
  return {
    customers: new Map(),
    products: new Map(),
    prices: new Map(),
    subscriptions: new Map(),
    invoices: new Map(),
    meters: new Map(),
    meterEvents: new Map(),
    events: new Map(),
    thinEvents: new Map(),
    answers: new Map(),
  }
}
