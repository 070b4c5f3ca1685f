import type { CompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, eq, isNull } from 'drizzle-orm'
import type { SubscriptionStatusReader } from '../app/ports.ts'
import { accounts } from './schema/accounts.ts'
import { subscriptions } from './schema/subscriptions.ts'

/** The one read behind every entitlement. */
export function createSubscriptionStatusReader({ orm }: Database): SubscriptionStatusReader {
  return {
    async status(companyId) {
      const [row] = await statusOf(orm, companyId)
      return row?.status
    },
  }
}

export function statusOf(orm: Database['orm'], companyId: CompanyId) {
  return orm
    .select({ status: subscriptions.status })
    .from(accounts)
    .innerJoin(
      subscriptions,
      and(eq(subscriptions.companyId, accounts.companyId), eq(subscriptions.subscriptionId, accounts.subscriptionId)),
    )
    .where(and(eq(accounts.companyId, companyId), isNull(subscriptions.missingSince)))
}
