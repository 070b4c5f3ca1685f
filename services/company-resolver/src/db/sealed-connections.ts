import { acrossCompanies, type Database, insertedValues, padded, type Transaction } from '@frontdesk/database'
import { companyFormat } from '@frontdesk/vault'
import { and, asc, count, eq, gt, inArray, isNotNull, or, type SQL, sql } from 'drizzle-orm'
import type { MySqlColumn } from 'drizzle-orm/mysql-core'
import type { HeldKeys } from './company-keys.ts'
import { sealedColumns, secretPlace } from './mapping.ts'
import { connections } from './schema/connections.ts'
import { dataKeys } from './schema/data-keys.ts'

const batchSize = 100
/** Version and key id, by which a sealed value tells its key. */
const headBytes = 5
const formatByte = Buffer.from([companyFormat])
const nothing = Buffer.alloc(0)

/** What one batch has done. */
export interface Resealed {
  readonly resealed: number
  /** Secrets that can't be opened: they stay as they are, and cost no other. */
  readonly failures: number
  /** Where the next batch begins; undefined after the last one. */
  readonly nextAfter: string | undefined
}

/** Seals the next of a company's secrets under its active key, if they are not. */
export async function resealBatch(tx: Transaction, companyId: string, { sealer, opener }: HeldKeys, after: string): Promise<Resealed> {
  const rows = await tx.orm
    .select()
    .from(connections)
    .where(and(eq(connections.companyId, companyId), gt(connections.connectionId, after), isStale(sql`${sealer.head}`)))
    .orderBy(asc(connections.connectionId))
    .limit(batchSize)
    .for('update')
  let resealed = 0
  let failures = 0

  function reseal(sealed: Uint8Array, place: ReturnType<typeof secretPlace>): Uint8Array {
    if (sealer.isCurrent(sealed)) return sealed
    try {
      const again = sealer.seal(opener.open({ companyId, sealed }, place), place)
      resealed++
      return again
    } catch {
      failures++
      return sealed
    }
  }

  const next = rows.map((row) => {
    const { currentSecret, previousSecret, connectionId } = row
    return {
      ...row,
      currentSecret: reseal(currentSecret, secretPlace('current_secret', connectionId)),
      previousSecret: previousSecret && reseal(previousSecret, secretPlace('previous_secret', connectionId)),
    }
  })
  if (resealed > 0)
    await tx.orm
      .insert(connections)
      .values(next)
      .onDuplicateKeyUpdate({ set: insertedValues(sealedColumns) })
  return { resealed, failures, nextAfter: rows.length === batchSize ? rows.at(-1)?.connectionId : undefined }
}

/** Whether a company has secrets under a key other than its active one. */
export async function hasStale(orm: Database['orm'], companyId: string): Promise<boolean> {
  const [row] = await staleCounts(orm, eq(connections.companyId, companyId))
  return row !== undefined
}

/** How many connections have secrets under a key other than their company's active one, of each company that has any. */
export async function staleByCompany(database: Database, companyIds: readonly string[] | 'all'): Promise<Map<string, number>> {
  const which = companyIds === 'all' ? undefined : inArray(connections.companyId, padded(companyIds))
  const rows = await acrossCompanies('a rotation goes through every company', () => staleCounts(database.orm, which))
  return new Map(rows.map(({ companyId, found }) => [companyId, found]))
}

function staleCounts(orm: Database['orm'], which: SQL | undefined) {
  const own = and(eq(dataKeys.companyId, connections.companyId), eq(dataKeys.state, 'active'))
  const activeHead = sql`coalesce(concat(${formatByte}, unhex(lpad(hex(${dataKeys.keyId}), 8, '0'))), ${nothing})`
  return orm
    .select({ companyId: connections.companyId, found: count() })
    .from(connections)
    .leftJoin(dataKeys, own)
    .where(and(which, isStale(activeHead)))
    .groupBy(connections.companyId)
}

/** By the headers of what is stored: they can't disagree with it. */
function isStale(activeHead: SQL): SQL | undefined {
  const differs = (column: MySqlColumn) => and(isNotNull(column), sql`substr(${column}, 1, ${sql.raw(String(headBytes))}) <> ${activeHead}`)
  return or(...Object.values(sealedColumns).map(differs))
}
