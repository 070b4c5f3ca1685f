import type { CompanyId } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import { and, eq, isNull } from 'drizzle-orm'
import { subscriptionOfAccount } from '../domain/account-subscription.ts'
import { accounts } from './schema/accounts.ts'
import { subscriptions } from './schema/subscriptions.ts'

/** Brings the account to the subscription that is now its own, after the mirror of one has changed in this transaction. */
export async function chooseSubscription({ orm }: Transaction, companyId: CompanyId): Promise<void> {
  const own = eq(accounts.companyId, companyId)
  // Locked before the mirror is read: of two subscriptions that change at once, the second one sees both.
  const [account] = await orm.select({ chosen: accounts.subscriptionId }).from(accounts).where(own).for('update')
  if (!account) return
  const { subscriptionId: id, status, periodStart } = subscriptions
  const mirrored = await orm
    .select({ id, status, periodStart })
    .from(subscriptions)
    .where(and(eq(subscriptions.companyId, companyId), isNull(subscriptions.missingSince)))
  const candidates = mirrored.map((row) => ({ ...row, periodStart: row.periodStart ?? undefined }))
  const chosen = subscriptionOfAccount(account.chosen ?? undefined, candidates)
  if (chosen !== undefined && chosen !== account.chosen) await orm.update(accounts).set({ subscriptionId: chosen }).where(own)
}
