import type { CompanyId, EventId } from '@frontdesk/contracts'
import type { Account, ListedUsage, Mirrored, RefusedRecord } from '../app/ports.ts'
import type { Plan } from '../domain/plan.ts'
import type { InvoiceState, SubscriptionState } from '../domain/subscription.ts'
import type { UsageRecord } from '../domain/usage.ts'
import type { accounts } from './schema/accounts.ts'
import type { invoices } from './schema/invoices.ts'
import type { plans } from './schema/plans.ts'
import type { subscriptions } from './schema/subscriptions.ts'
import type { usageRecords } from './schema/usage-records.ts'

type PlanRow = typeof plans.$inferSelect
type SubscriptionRow = typeof subscriptions.$inferSelect
type InvoiceRow = typeof invoices.$inferSelect
type UsageRow = typeof usageRecords.$inferSelect

export function toPlan({ planId, createdAt: _createdAt, ...rest }: PlanRow): Plan {
  return { id: planId, ...rest }
}

export function toAccount(row: { account: typeof accounts.$inferSelect; plan: PlanRow; subscription: SubscriptionRow | null }): Account {
  const { companyId, name, email, attempt, customerId, subscriptionId } = row.account
  const { subscription } = row
  return {
    companyId,
    plan: toPlan(row.plan),
    name,
    email,
    attempt,
    customerId: customerId ?? undefined,
    subscriptionId: subscriptionId ?? undefined,
    subscription: subscription && subscription.missingSince === null ? toSubscription(subscription) : undefined,
  }
}

function toSubscription(row: SubscriptionRow): Mirrored<SubscriptionState> {
  const { subscriptionId, customerId, status, cancelAtPeriodEnd, periodStart, periodEnd, fetchedAt, eventId } = row
  return {
    id: subscriptionId,
    customerId,
    status,
    cancelAtPeriodEnd,
    periodStart: periodStart ?? undefined,
    periodEnd: periodEnd ?? undefined,
    fetchedAt,
    eventId: eventId ?? '',
  }
}

/** What a fetch, or the provider's first answer, says of a mirrored object. */
interface Fetch {
  readonly companyId: CompanyId
  readonly fetchedAt: Date
  readonly eventId: EventId | null
}

export function fromSubscription(state: SubscriptionState, fetch: Fetch): SubscriptionRow {
  const { id: subscriptionId, periodStart, periodEnd, ...rest } = state
  return { ...rest, ...fetch, subscriptionId, periodStart: periodStart ?? null, periodEnd: periodEnd ?? null, missingSince: null }
}

export function toInvoice({
  companyId: _company,
  missingSince: _missing,
  invoiceId,
  eventId,
  ...rest
}: InvoiceRow): Mirrored<InvoiceState> {
  return { ...rest, id: invoiceId, eventId: eventId ?? '' }
}

export function fromInvoice({ id: invoiceId, ...rest }: InvoiceState, fetch: Fetch): InvoiceRow {
  return { ...rest, ...fetch, invoiceId, missingSince: null }
}

export function toUsage({ usageId, kind, entityId, eventId, revision, quantity, usedAt }: UsageRow): UsageRecord {
  return { id: usageId, kind, entityId, eventId, revision, quantity, usedAt }
}

export function toListedUsage(row: UsageRow): ListedUsage {
  return { ...toUsage(row), reportedAt: row.reportedAt ?? undefined }
}

export function toRefusedRecord(row: UsageRow): RefusedRecord {
  const {
    companyId,
    usageId,
    kind,
    quantity,
    reportedQuantity: reported,
    pendingQuantity,
    reportNumber: number,
    lastReportedQuantity,
    attempts,
  } = row
  return {
    companyId,
    attempts,
    usageId,
    kind,
    quantity,
    reported,
    pending: pendingQuantity ?? undefined,
    number,
    last: lastReportedQuantity ?? undefined,
  }
}
