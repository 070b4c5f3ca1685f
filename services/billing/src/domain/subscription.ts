/** A subscription as the payment provider has it. */
export interface SubscriptionState {
  readonly id: string
  readonly customerId: string
  /** As the provider names it: "trialing", "active", "past_due", "paused", "canceled", … */
  readonly status: string
  readonly cancelAtPeriodEnd: boolean
  readonly periodStart: Date | undefined
  readonly periodEnd: Date | undefined
}

/** An invoice as the payment provider has it. */
export interface InvoiceState {
  readonly id: string
  readonly customerId: string
  /** Empty for an invoice of no subscription. */
  readonly subscriptionId: string
  /** As the provider names it: "draft", "open", "paid", "void", "uncollectible". */
  readonly status: string
  readonly totalMinor: bigint
  readonly amountPaidMinor: bigint
  readonly currency: string
  readonly createdAt: Date
}

/** What of the payment provider is mirrored, by its id. */
export interface ProviderObject {
  readonly type: 'subscription' | 'invoice'
  readonly id: string
}

/** Such an object with its state. */
export type FetchedObject =
  | { readonly type: 'subscription'; readonly state: SubscriptionState }
  | { readonly type: 'invoice'; readonly state: InvoiceState }
