/** What the domain's kinds of usage are called on the wire, in RPC answers and in events. */
export const usageKindMessages = {
  call_minutes: 'USAGE_KIND_CALL_MINUTES',
  messages: 'USAGE_KIND_MESSAGES',
} as const

/** What the domain's lines are called on the wire. */
export const lineKindMessages = {
  base_fee: 'INVOICE_LINE_KIND_BASE_FEE',
  included_minutes: 'INVOICE_LINE_KIND_INCLUDED_MINUTES',
  further_minutes: 'INVOICE_LINE_KIND_FURTHER_MINUTES',
  messages: 'INVOICE_LINE_KIND_MESSAGES',
} as const

/** What the domain's refusals are called on the wire. */
export const entitlementReasonMessages = {
  no_subscription: 'ENTITLEMENT_REASON_NO_SUBSCRIPTION',
  inactive: 'ENTITLEMENT_REASON_SUBSCRIPTION_INACTIVE',
} as const
