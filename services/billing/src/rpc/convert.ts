import { invalidArgument } from '@frontdesk/errors'
import type {
  Account as AccountMessage,
  Feature,
  Invoice as InvoiceMessage,
  InvoiceLineKind,
  Money as MoneyMessage,
  Plan as PlanMessage,
  PreviewInvoiceResponse,
  Subscription as SubscriptionMessage,
  Usage as UsageMessage,
} from '@frontdesk/contracts'
import { isStorableInstant } from '@frontdesk/database'
import type { LineUsage } from '../app/list-usage.ts'
import type { Account, Mirrored } from '../app/ports.ts'
import type { InvoicePreview } from '../app/preview-invoice.ts'
import type { LineKind } from '../domain/invoice-lines.ts'
import type { Plan } from '../domain/plan.ts'
import type { InvoiceState, SubscriptionState } from '../domain/subscription.ts'
import { lineKindMessages, usageKindMessages } from '../wire/names.ts'

function money(amountMinor: bigint, currency: string): MoneyMessage {
  return { amountMinor, currency }
}

export function toPlanMessage({ id: planId, name, currency, includedMinutes, providerPriceId, ...plan }: Plan): PlanMessage {
  return {
    planId,
    name,
    baseFee: money(plan.baseFeeMinor, currency),
    includedMinutes: BigInt(includedMinutes),
    pricePerFurtherMinute: money(plan.furtherMinuteMinor, currency),
    pricePerMessage: money(plan.messageMinor, currency),
    providerPriceId,
  }
}

export function toAccountMessage({ companyId, plan, customerId, subscription }: Account): AccountMessage {
  return {
    companyId,
    plan: toPlanMessage(plan),
    customerId: customerId ?? '',
    subscription: subscription && toSubscriptionMessage(subscription),
  }
}

function toSubscriptionMessage({ id: subscriptionId, customerId: _customer, ...rest }: Mirrored<SubscriptionState>): SubscriptionMessage {
  return { subscriptionId, ...rest }
}

export function toInvoiceMessage(invoice: Mirrored<InvoiceState>): InvoiceMessage {
  const { id: invoiceId, subscriptionId, status, totalMinor, amountPaidMinor, currency, createdAt, fetchedAt, eventId } = invoice
  const [total, amountPaid] = [money(totalMinor, currency), money(amountPaidMinor, currency)]
  return { invoiceId, subscriptionId, status, total, amountPaid, createdAt, fetchedAt, eventId }
}

export function toPreviewMessage({ account, period, lines, totalMinor }: InvoicePreview): PreviewInvoiceResponse {
  const { currency } = account.plan
  return {
    periodStart: period.start,
    periodEnd: period.end,
    lines: lines.map(({ kind, quantity, unitPriceMinor, amountMinor, usageRecords }) => ({
      kind: lineKindMessages[kind],
      quantity: BigInt(quantity),
      unitPrice: money(unitPriceMinor, currency),
      amount: money(amountMinor, currency),
      usageRecords: BigInt(usageRecords),
      eventId: kind === 'base_fee' ? (account.subscription?.eventId ?? '') : '',
    })),
    total: money(totalMinor, currency),
  }
}

export function toUsageMessage({
  id: usageId,
  kind,
  quantity,
  lineQuantity,
  eventId,
  entityId,
  usedAt,
  reportedAt,
}: LineUsage): UsageMessage {
  return {
    usageId,
    kind: usageKindMessages[kind],
    quantity: BigInt(quantity),
    lineQuantity: BigInt(lineQuantity),
    eventId,
    entityId,
    usedAt,
    reportedAt,
  }
}

/** Undefined where the request names none, which means all. @throws FrontdeskError invalid_argument for one that does not exist. */
export function fromLineMessage(message: InvoiceLineKind): LineKind | undefined {
  if (message === 'INVOICE_LINE_KIND_UNSPECIFIED') return undefined
  const known = Object.entries(lineKindMessages).find(([, name]) => name === message)
  if (!known) throw invalidArgument('line: there is no such kind of line')
  return known[0] as LineKind
}

/** @throws FrontdeskError invalid_argument for one that the database can't hold. */
export function fromInstantMessage(field: string, instant: Date | undefined): Date | undefined {
  if (instant && !isStorableInstant(instant)) throw invalidArgument(`${field}: give an instant from the years 1970 to 9999`)
  return instant
}

/** Every plan has every feature; what does not exist, none has. @throws FrontdeskError invalid_argument. */
export function requireFeature(feature: Feature): void {
  if (feature !== 'FEATURE_VOICE' && feature !== 'FEATURE_MESSAGING') throw invalidArgument('feature: give one that there is')
}
