import type { Page } from '@frontdesk/database'
import { invalidArgument } from '@frontdesk/errors'
import { type LineKind, lineQuantity } from '../domain/invoice-lines.ts'
import { periodUnderWay } from '../domain/period.ts'
import { findAccount } from './find-account.ts'
import type { AccountStore, ListedUsage, PageRequest, UsageReader } from './ports.ts'

/** Which usage; the period under way where no time is given. */
export interface UsageRequest extends PageRequest {
  readonly line: LineKind | undefined
  readonly from: Date | undefined
  readonly until: Date | undefined
}

/** A record, and what of it counts for the line that was asked for. */
export type LineUsage = ListedUsage & { readonly lineQuantity: number }

/** Lists one company's usage behind a line of its invoice: three reads at most, whatever the page. */
export function listUsage(deps: { accounts: AccountStore; usage: UsageReader; now: () => Date }) {
  return async ({ line, from, until, ...page }: UsageRequest): Promise<Page<LineUsage>> => {
    const account = await findAccount(deps.accounts)
    const { start, end } = periodUnderWay(account.subscription, deps.now())
    const period = { start: from ?? start, end: until ?? end }
    if (period.start >= period.end) throw invalidArgument('from, until: give the earlier instant first')
    if (line === 'base_fee') return { items: [], nextPageToken: '' }
    const ofMinutes = line === 'included_minutes' || line === 'further_minutes'
    const boundary = ofMinutes ? await deps.usage.boundary(period, account.plan.includedMinutes) : undefined
    const { items, nextPageToken } = await deps.usage.list({ ...page, period, line, boundary })
    return { items: items.map((item) => ({ ...item, lineQuantity: lineQuantity(line, item, boundary) })), nextPageToken }
  }
}
