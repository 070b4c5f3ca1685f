import { type Database, type Transaction, withTransaction } from '@frontdesk/database'
import { eq, sql } from 'drizzle-orm'
import { directoryState } from './schema/directory-state.ts'

/** Of the one row of `directory_state`. */
export const stateId = 1

/** One transaction that raises the directory's version first, and so holds off every other change until its commit. */
export function changeDirectory<Result>(database: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return withTransaction(database, async (tx) => {
    await tx.orm
      .insert(directoryState)
      .values({ id: stateId, directoryVersion: 1n, secretVersion: 0n })
      .onDuplicateKeyUpdate({ set: { directoryVersion: sql`${directoryState.directoryVersion} + 1` } })
    return work(tx)
  })
}

/** The next position of the ingress's cursor; inside `changeDirectory` alone, whose lock puts positions into the order of commits. */
export async function nextSecretVersion(tx: Transaction): Promise<bigint> {
  const where = eq(directoryState.id, stateId)
  await tx.orm
    .update(directoryState)
    .set({ secretVersion: sql`${directoryState.secretVersion} + 1` })
    .where(where)
  const [state] = await tx.orm.select({ version: directoryState.secretVersion }).from(directoryState).where(where)
  if (!state) throw new Error('the directory has no state row')
  return state.version
}

/** The version that the change has raised the directory to; inside `changeDirectory` alone. */
export async function readDirectoryVersion(tx: Transaction): Promise<bigint> {
  const [state] = await tx.orm
    .select({ version: directoryState.directoryVersion })
    .from(directoryState)
    .where(eq(directoryState.id, stateId))
  if (!state) throw new Error('the directory has no state row')
  return state.version
}

/**
 * The directory's version, held until the transaction's end: what is read after it belongs to exactly this version.
 * `lock in share mode` is the form that MySQL and MariaDB share.
 */
export async function holdDirectoryVersion(tx: Transaction): Promise<bigint> {
  const { rows } = await tx.execute('select directory_version as version from directory_state where id = ? lock in share mode', [stateId])
  return BigInt(Number(rows[0]?.['version'] ?? 0))
}
