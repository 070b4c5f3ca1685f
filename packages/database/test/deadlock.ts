import { eq, sql } from 'drizzle-orm'
import type { Database } from '../src/database.ts'
import { type Transaction, withTransaction } from '../src/transaction.ts'
import { counters } from './fixture.ts'

/** The counters a and b. */
export async function seed(database: Database): Promise<void> {
  await database.orm.insert(counters).values([{ name: 'a' }, { name: 'b' }])
}

export function increment(tx: Transaction, name: string): Promise<unknown> {
  return tx.orm
    .update(counters)
    .set({ value: sql`${counters.value} + 1` })
    .where(eq(counters.name, name))
}

/** What the work failed by; undefined if it did not. */
export async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** Two transactions that lock two rows crosswise, of which the server ends one. */
export async function makeDeadlock(
  database: Database,
  victim: (tx: Transaction, meet: () => Promise<void>) => Promise<void>,
  attempts: number,
) {
  const bothLocked = Promise.withResolvers<void>()
  let locked = 0
  const meet = async () => {
    if (++locked >= 2) bothLocked.resolve()
    await bothLocked.promise
  }
  return Promise.allSettled([
    // The server prefers to end who has changed least.
    withTransaction(database, async (tx) => {
      await tx.orm.insert(counters).values(Array.from({ length: 50 }, (_, n) => ({ name: `weight ${n}` })))
      await increment(tx, 'a')
      await meet()
      await increment(tx, 'b')
    }),
    withTransaction(database, (tx) => victim(tx, meet), { attempts }),
  ])
}
