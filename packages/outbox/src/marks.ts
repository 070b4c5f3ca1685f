import { type Database, padded, type SqlStatement, type SqlValue, textByLength, sqlList } from '@frontdesk/database'
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
const runsPerStatement = 128

const markText = textByLength(
  (runs) =>
    `update outbox set published_at = ?, stream = ?, stream_seq = id + case ${'when id <= ? then ? '.repeat(runs)}end, ` +
    `last_error = null where (${Array.from({ length: runs }, () => 'id between ? and ?').join(' or ')}) and published_at is null`,
)
const backOffText = textByLength(
  (rows) =>
    `update outbox set attempts = attempts + 1, next_attempt_at = ${caseOf(rows)}, last_error = ${caseOf(rows)} where ${unpublished(rows)}`,
)

/** Marks rows as published, each once: one statement a stream for up to 128 runs of rows. */
export async function markPublished(database: Database, rows: readonly PublishedRow[], publishedAt: Date): Promise<void> {
  const at = sqlInstant(publishedAt)
  for (const [stream, ofStream] of Map.groupBy(rows, (row) => row.stream)) {
    const runs = runsOf(ofStream)
    for (let start = 0; start < runs.length; start += runsPerStatement) {
      const { sql, params } = markStatement(padded(runs.slice(start, start + runsPerStatement)), stream, at)
      // One after the other: rows in one order, and one connection of the pool.
      await database.execute(sql, params)
    }
  }
}

/** Rows whose ids rise one by one with their sequences, as those of one commit mostly do. */
interface Run {
  readonly first: bigint
  readonly last: bigint
  /** What a row's sequence is beyond its id; below 0 where it is less. */
  readonly offset: bigint
}

/** Exported for its plan. */
export function markStatement(runs: readonly Run[], stream: string, at: string): SqlStatement {
  const offsets = runs.flatMap(({ last, offset }) => [last, offset])
  const ranges = runs.flatMap(({ first, last }) => [first, last])
  return { sql: markText(runs.length), params: [at, stream, ...offsets, ...ranges] }
}

/** Rising; a row that is given twice keeps one of its sequences. */
function runsOf(rows: readonly PublishedRow[]): Run[] {
  const runs: Run[] = []
  for (const { id, sequence } of rows.toSorted(byId)) {
    const offset = sequence - id
    const run = runs.at(-1)
    if (run && run.offset === offset && run.last + 1n === id) runs[runs.length - 1] = { ...run, last: id }
    else runs.push({ first: id, last: id, offset })
  }
  return runs
}

/** Has rows wait until their time, and keeps why. */
export async function backOffRows(database: Database, rows: readonly FailedRow[]): Promise<void> {
  const ordered = rows.toSorted(byId)
  for (let start = 0; start < ordered.length; start += rowsPerStatement) {
    const group = padded(ordered.slice(start, start + rowsPerStatement))
    const times = group.flatMap((row): SqlValue[] => [row.id, sqlInstant(row.retryAt)])
    const errors = group.flatMap((row): SqlValue[] => [row.id, Buffer.from(clipped(row.error, 255))])
    // One after the other: rows in one order, and one connection of the pool.
    await database.execute(backOffText(group.length), [...times, ...errors, ...group.map((row) => row.id)])
  }
}

function unpublished(rows: number): string {
  return `id in (${sqlList(rows)}) and published_at is null`
}

function caseOf(rows: number): string {
  return `case id ${'when ? then ? '.repeat(rows)}end`
}

function byId(a: { readonly id: bigint }, b: { readonly id: bigint }): number {
  return a.id < b.id ? -1 : 1
}
