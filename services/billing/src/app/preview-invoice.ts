import { type InvoiceLine, invoiceOf } from '../domain/invoice-lines.ts'
import { type Period, periodUnderWay } from '../domain/period.ts'
import { findAccount } from './find-account.ts'
import type { Account, AccountStore, UsageReader } from './ports.ts'

/** What the period under way would cost if it ended now. */
export interface InvoicePreview {
  readonly account: Account
  readonly period: Period
  readonly lines: readonly InvoiceLine[]
  readonly totalMinor: bigint
}

/** Adds up one company's period: two reads, however much was used. */
export function previewInvoice(deps: { accounts: AccountStore; usage: UsageReader; now: () => Date }): () => Promise<InvoicePreview> {
  return async () => {
    const account = await findAccount(deps.accounts)
    const period = periodUnderWay(account.subscription, deps.now())
    const totals = await deps.usage.totals(period, account.plan.includedMinutes)
    return { account, period, ...invoiceOf(account.plan, totals) }
  }
}
