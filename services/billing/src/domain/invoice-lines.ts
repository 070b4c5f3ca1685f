import type { Plan } from './plan.ts'

/** What an invoice has a line of. */
export type LineKind = 'base_fee' | 'included_minutes' | 'further_minutes' | 'messages'

/** A line of the running invoice; amounts in the plan's currency. */
export interface InvoiceLine {
  readonly kind: LineKind
  readonly quantity: number
  readonly unitPriceMinor: bigint
  readonly amountMinor: bigint
  /** How many records of usage stand behind it. */
  readonly usageRecords: number
}

/** What was used in a period. A call that is the last of the included minutes and the first of the further ones counts for both. */
export interface UsageTotals {
  readonly minutes: number
  readonly recordsOfIncludedMinutes: number
  readonly recordsOfFurtherMinutes: number
  readonly messages: number
  readonly recordsOfMessages: number
}

/** The lines, and what they add up to. */
export function invoiceOf(plan: Plan, totals: UsageTotals): { readonly lines: readonly InvoiceLine[]; readonly totalMinor: bigint } {
  const included = Math.min(totals.minutes, plan.includedMinutes)
  const lines = [
    line('base_fee', 1, plan.baseFeeMinor, 0),
    line('included_minutes', included, 0n, totals.recordsOfIncludedMinutes),
    line('further_minutes', totals.minutes - included, plan.furtherMinuteMinor, totals.recordsOfFurtherMinutes),
    line('messages', totals.messages, plan.messageMinor, totals.recordsOfMessages),
  ]
  return { lines, totalMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n) }
}

function line(kind: LineKind, quantity: number, unitPriceMinor: bigint, usageRecords: number): InvoiceLine {
  return { kind, quantity, unitPriceMinor, amountMinor: unitPriceMinor * BigInt(quantity), usageRecords }
}

/** The call with which the included minutes are used up, in the order of use, and what of it counts for which line. */
export interface Boundary {
  readonly usageId: string
  readonly usedAt: Date
  readonly includedPart: number
  readonly furtherPart: number
}

/** What of a record counts for the line that it is listed for; all of it without one. */
export function lineQuantity(line: LineKind | undefined, record: { id: string; quantity: number }, boundary: Boundary | undefined): number {
  if (record.id !== boundary?.usageId) return record.quantity
  if (line === 'included_minutes') return boundary.includedPart
  return line === 'further_minutes' ? boundary.furtherPart : record.quantity
}
