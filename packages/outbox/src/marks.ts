import type { Database } from '@frontdesk/database'
import type { SQL } from 'drizzle-orm'
import { and, inArray, isNull, sql } from 'drizzle-orm'
import { clipped, padded } from './sql.ts'
import { outbox } from './tables.ts'

/** A row that the broker has acknowledged, and where in which stream. */
export interface PublishedRow {
  readonly id: bigint
  readonly stream: string
  readonly sequence: bigint
}

/** A row that could not be published, and when it is tried again. */
export interface FailedRow {
  readonly id: bigint
  readonly retryAt: Date
  readonly error: string
}

const rowsPerStatement = 128

/** Marks rows as published, each once: one statement a stream for up to 128 rows. */
export async function markPublished(database: Database, rows: readonly PublishedRow[], publishedAt: Date): Promise<void> {
  const byStream = Map.groupBy(rows, (row) => row.stream)
  await inGroups([...byStream.values()], async (group) => {
    await database.orm
      .update(outbox)
      .set({ publishedAt, stream: group[0]?.stream ?? null, streamSeq: caseOf(group, (row) => row.sequence), lastError: null })
      .where(unpublished(group))
  })
}

/** Has rows wait until their time, and keeps why. */
export async function backOffRows(database: Database, rows: readonly FailedRow[]): Promise<void> {
  await inGroups([rows], async (group) => {
    await database.orm
      .update(outbox)
      .set({
        attempts: sql`${outbox.attempts} + 1`,
        nextAttemptAt: caseOf(group, (row) => sql.param(row.retryAt, outbox.nextAttemptAt)),
        lastError: caseOf(group, (row) => clipped(row.error, 255)),
      })
      .where(unpublished(group))
  })
}

function unpublished(rows: readonly { readonly id: bigint }[]) {
  const ids = rows.map((row) => row.id)
  return and(inArray(outbox.id, ids), isNull(outbox.publishedAt))
}

/** A value for each row, by its id. */
export function caseOf<Row extends { readonly id: bigint }>(rows: readonly Row[], value: (row: Row) => unknown): SQL {
  const branches = rows.map((row) => sql`when ${row.id} then ${value(row)}`)
  return sql`case ${outbox.id} ${sql.join(branches, sql` `)} end`
}

async function inGroups<Row extends { readonly id: bigint }>(lists: readonly (readonly Row[])[], write: (group: Row[]) => Promise<void>) {
  for (const list of lists) {
    const ordered = list.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    for (let start = 0; start < ordered.length; start += rowsPerStatement) {
      // One after the other: rows in one order, and one connection of the pool.
      await write(padded(ordered.slice(start, start + rowsPerStatement)))
    }
  }
}
