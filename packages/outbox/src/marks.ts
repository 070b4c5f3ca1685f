import { type Database, padded, type SqlValue, textByLength, sqlList } from '@frontdesk/database'
import { clipped, sqlInstant } from './sql.ts'

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

const markText = textByLength(
  (rows) => `update outbox set published_at = ?, stream = ?, stream_seq = ${caseOf(rows)}, last_error = null where ${unpublished(rows)}`,
)
const backOffText = textByLength(
  (rows) =>
    `update outbox set attempts = attempts + 1, next_attempt_at = ${caseOf(rows)}, last_error = ${caseOf(rows)} where ${unpublished(rows)}`,
)

/** Marks rows as published, each once: one statement a stream for up to 128 rows. */
export async function markPublished(database: Database, rows: readonly PublishedRow[], publishedAt: Date): Promise<void> {
  const byStream = Map.groupBy(rows, (row) => row.stream)
  const at = sqlInstant(publishedAt)
  await inGroups([...byStream.values()], async (group) => {
    const sequences = group.flatMap((row): SqlValue[] => [row.id, row.sequence])
    await database.execute(markText(group.length), [at, group[0]?.stream ?? null, ...sequences, ...group.map((row) => row.id)])
  })
}

/** Has rows wait until their time, and keeps why. */
export async function backOffRows(database: Database, rows: readonly FailedRow[]): Promise<void> {
  await inGroups([rows], async (group) => {
    const times = group.flatMap((row): SqlValue[] => [row.id, sqlInstant(row.retryAt)])
    const errors = group.flatMap((row): SqlValue[] => [row.id, Buffer.from(clipped(row.error, 255))])
    await database.execute(backOffText(group.length), [...times, ...errors, ...group.map((row) => row.id)])
  })
}

function unpublished(rows: number): string {
  return `id in (${sqlList(rows)}) and published_at is null`
}

function caseOf(rows: number): string {
  return `case id ${'when ? then ? '.repeat(rows)}end`
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
