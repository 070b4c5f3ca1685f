import { type Database, type SqlRow, type Transaction, withTransaction } from '@frontdesk/database'
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

/** What a batch decides by: the directory's version, and that of the model, null for the shipped one. */
export interface HeldState {
  readonly directoryVersion: bigint
  readonly modelVersion: string | null
}

/**
 * The directory's state, held until the transaction's end: what is read after it belongs to exactly this version, and no other
 * model comes into force. `lock in share mode` is the form that MySQL and MariaDB share.
 */
export async function holdDirectoryState(tx: Transaction): Promise<HeldState> {
  const { rows } = await tx.execute(
    'select directory_version as version, model_version from directory_state where id = ? lock in share mode',
    [stateId],
  )
  return toHeldState(rows[0])
}

/** Before there is anything in the directory it has no state. */
export function toHeldState(row: SqlRow | undefined): HeldState {
  const modelVersion = row?.['model_version'] as Buffer | null | undefined
  return { directoryVersion: BigInt(Number(row?.['version'] ?? 0)), modelVersion: modelVersion?.toString('utf8') ?? null }
}
