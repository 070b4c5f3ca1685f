import type { CompanyId } from '@frontdesk/contracts'
import { type Database, isDuplicateKey, type Transaction, withTransaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { AccountStore } from '../app/ports.ts'
import { fromSubscription, toAccount } from './mapping.ts'
import { requestAgain, requestRefetches } from './refetch-requests.ts'
import { accounts } from './schema/accounts.ts'
import { plans } from './schema/plans.ts'
import { subscriptions } from './schema/subscriptions.ts'
import { usageRecords } from './schema/usage-records.ts'

const { refused } = accounts

/** What has to be woken once something is there to be done. */
export interface Wake {
  readonly refetches: () => void
  readonly reports: () => void
}

/** One company's account in the database. */
export function createAccountStore(database: Database, companyId: CompanyId, now: () => Date, wake: Wake): AccountStore {
  const own = eq(accounts.companyId, companyId)

  /** Two companies can't have one customer: somebody has changed what stands at the provider's. */
  async function change(work: (tx: Transaction) => Promise<void>): Promise<void> {
    try {
      await withTransaction(database, work)
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      throw new FrontdeskError('failed_precondition', {
        publicMessage: 'The payment provider’s customer is another account’s.',
        cause: error,
      })
    }
  }

  return {
    async begin(draft) {
      await database.orm
        .insert(accounts)
        .values({ companyId, ...draft, openedAt: now() })
        .onDuplicateKeyUpdate({
          set: {
            planId: sql`if(${refused}, values(plan_id), ${accounts.planId})`,
            name: sql`if(${refused}, values(name), ${accounts.name})`,
            email: sql`if(${refused}, values(email), ${accounts.email})`,
            // The last one, since the server assigns from left to right.
            refused: false,
          },
        })
    },

    async refused(attempt) {
      await database.orm
        .update(accounts)
        .set({ attempt: attempt + 1, refused: true })
        .where(and(own, eq(accounts.attempt, attempt), isNull(accounts.subscriptionId)))
    },

    async find() {
      const [row] = await accountOf(database.orm, companyId)
      return row && toAccount(row)
    },

    async setCustomer(customerId) {
      await change(async (tx) => {
        await tx.orm
          .update(accounts)
          .set({ customerId })
          .where(and(own, isNull(accounts.customerId)))
        await requestAgain(tx, companyId, now())
        await tx.orm
          .update(usageRecords)
          .set({ nextReportAt: now(), unreportedSince: now() })
          .where(and(eq(usageRecords.companyId, companyId), isNotNull(usageRecords.nextReportAt)))
        tx.afterCommit(wake.refetches)
        tx.afterCommit(wake.reports)
      })
    },

    async setSubscription(state) {
      await change(async (tx) => {
        await tx.orm
          .update(accounts)
          .set({ subscriptionId: state.id })
          .where(and(own, isNull(accounts.subscriptionId)))
        await tx.orm
          .insert(subscriptions)
          .values(fromSubscription(state, { companyId, fetchedAt: now(), eventId: null }))
          .onDuplicateKeyUpdate({ set: { companyId: sql`${subscriptions.companyId}` } })
        await requestRefetches(tx, [{ companyId, type: 'subscription', id: state.id, eventId: undefined }], now())
        tx.afterCommit(wake.refetches)
      })
    },
  }
}

export function accountOf(orm: Database['orm'], companyId: CompanyId) {
  return orm
    .select({ account: accounts, plan: plans, subscription: subscriptions })
    .from(accounts)
    .innerJoin(plans, eq(plans.planId, accounts.planId))
    .leftJoin(
      subscriptions,
      and(eq(subscriptions.companyId, accounts.companyId), eq(subscriptions.subscriptionId, accounts.subscriptionId)),
    )
    .where(eq(accounts.companyId, companyId))
}
