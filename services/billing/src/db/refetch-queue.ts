import type { CompanyId } from '@frontdesk/contracts'
import { acrossCompanies, type Database, insertedValues, type Transaction, withTransaction } from '@frontdesk/database'
import { and, asc, eq, getTableColumns, lte, or, sql } from 'drizzle-orm'
import type { FetchOutcome, Refetch, RefetchQueue } from '../app/ports.ts'
import type { FetchedObject, ProviderObject } from '../domain/subscription.ts'
import { chooseSubscription } from './choose-subscription.ts'
import { customersOf } from './customers-of.ts'
import { fromInvoice, fromSubscription } from './mapping.ts'
import { invoices } from './schema/invoices.ts'
import { refetches } from './schema/refetches.ts'
import { subscriptions } from './schema/subscriptions.ts'

export interface RefetchQueueOptions {
  readonly now: () => Date
  /** After which a fetch that was taken on is given up for lost; longer than any fetch. */
  readonly claimMs: number
}

/** The fetches that are on disk, for one replica among several. */
export function createRefetchQueue(database: Database, { now, claimMs }: RefetchQueueOptions): RefetchQueue {
  const later = (ms: number) => new Date(now().getTime() + ms)

  return {
    claim: (limit) =>
      acrossCompanies('the worker takes on fetches', () =>
        withTransaction(database, async (tx) => {
          const rows = await dueRefetches(tx.orm, now(), limit)
          if (rows.length === 0) return []
          await tx.orm
            .update(refetches)
            .set({ nextAttemptAt: later(claimMs), attempts: sql`${refetches.attempts} + 1` })
            .where(or(...rows.map((row) => keyIs(row.companyId, { type: row.objectType, id: row.objectId }))))
          // Read after the wanted versions: an account that comes later raises them.
          const customers = await customersOf(
            tx,
            rows.map(({ companyId }) => companyId),
          )
          return rows.map(({ companyId, objectType, objectId, requestedVersion, eventId, attempts }) => ({
            companyId,
            type: objectType,
            id: objectId,
            version: requestedVersion,
            eventId: eventId ?? undefined,
            attempts: attempts + 1,
            customerId: customers.get(companyId),
          }))
        }),
      ),

    settle: (refetch, outcome) =>
      withTransaction(database, async (tx) => {
        const key = keyIs(refetch.companyId, refetch)
        const [row] = await tx.orm.select().from(refetches).where(key).for('update')
        if (!row || row.fetchedVersion >= refetch.version) return false
        await mirror(tx, refetch, outcome, now())
        const more = row.requestedVersion > refetch.version
        await tx.orm
          .update(refetches)
          .set({
            fetchedVersion: refetch.version,
            requestedAt: more ? now() : null,
            nextAttemptAt: more ? now() : null,
            attempts: 0,
            outcome: outcome.kind,
          })
          .where(key)
        return true
      }),

    async retryLater(refetch, delayMs) {
      // Unless a later fetch has brought what was wanted.
      await database.orm
        .update(refetches)
        .set({ nextAttemptAt: later(delayMs) })
        .where(and(keyIs(refetch.companyId, refetch), sql`${refetches.fetchedVersion} < ${refetch.version}`))
    },
  }
}

export function dueRefetches(orm: Database['orm'], now: Date, limit: number) {
  return orm
    .select()
    .from(refetches)
    .where(lte(refetches.nextAttemptAt, now))
    .orderBy(asc(refetches.nextAttemptAt))
    .limit(limit)
    .for('update', { skipLocked: true })
}

function keyIs(companyId: CompanyId, { type, id }: ProviderObject) {
  return and(eq(refetches.companyId, companyId), eq(refetches.objectType, type), eq(refetches.objectId, id))
}

const { companyId: _ofSubscription, subscriptionId: _subscriptionId, ...subscriptionState } = getTableColumns(subscriptions)
const { companyId: _ofInvoice, invoiceId: _invoiceId, ...invoiceState } = getTableColumns(invoices)

async function mirror(tx: Transaction, refetch: Refetch, outcome: FetchOutcome, fetchedAt: Date): Promise<void> {
  if (outcome.kind === 'foreign') return
  if (outcome.kind === 'missing') await markMissing(tx, refetch, fetchedAt)
  else await keep(tx, refetch, outcome.object, fetchedAt)
  if (refetch.type === 'subscription') await chooseSubscription(tx, refetch.companyId)
}

async function keep({ orm }: Transaction, { companyId, eventId }: Refetch, object: FetchedObject, fetchedAt: Date): Promise<void> {
  const fetch = { companyId, fetchedAt, eventId: eventId ?? null }
  if (object.type === 'invoice') {
    await orm
      .insert(invoices)
      .values(fromInvoice(object.state, fetch))
      .onDuplicateKeyUpdate({ set: insertedValues(invoiceState) })
    return
  }
  await orm
    .insert(subscriptions)
    .values(fromSubscription(object.state, fetch))
    .onDuplicateKeyUpdate({ set: insertedValues(subscriptionState) })
}

async function markMissing({ orm }: Transaction, { companyId, type, id }: Refetch, missingSince: Date): Promise<void> {
  if (type === 'invoice') {
    await orm
      .update(invoices)
      .set({ missingSince })
      .where(and(eq(invoices.companyId, companyId), eq(invoices.invoiceId, id)))
  } else {
    await orm
      .update(subscriptions)
      .set({ missingSince })
      .where(and(eq(subscriptions.companyId, companyId), eq(subscriptions.subscriptionId, id)))
  }
}
