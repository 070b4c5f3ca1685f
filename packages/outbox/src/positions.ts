import type { StoredMessage } from '@frontdesk/bus'
import { cloudEventId } from '@frontdesk/bus'
import { bulkSubject } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import { withTransaction } from '@frontdesk/database'
import { and, asc, desc, eq, gt, gte, inArray, lte, or, type SQL, sql } from 'drizzle-orm'
import type { PendingRefill } from './broker-marks.ts'
import type { Positioned } from './last-held.ts'
import type { PublishedRow } from './marks.ts'
import { sqlInstant } from './sql.ts'
import { byPosition, outbox, type OutboxRow } from './tables.ts'

/** What of a row says which message should stand at its position. */
export interface PositionedRow extends Positioned {
  readonly cloudEventId: string
  readonly subject: string
  readonly publishedAtMs: number
}

const identity = {
  eventId: outbox.eventId,
  revision: outbox.revision,
  subject: outbox.subject,
  streamSeq: outbox.streamSeq,
  publishedAt: outbox.publishedAt,
}
/** Rows of one statement that changes nothing but their positions. */
const rowsPerForget = 1_000
/** By how far the clocks of two replicas may differ. */
const clockSkewMs = 5_000

/** The rows with the highest positions in the stream, at or below the sequence if one is given; the highest first. */
export async function newestRows(database: Database, stream: string, limit: number, atOrBelow?: number): Promise<PositionedRow[]> {
  return (await newestOf(database.orm, stream, limit, atOrBelow)).map(positionOf)
}

export function newestOf(orm: Database['orm'], stream: string, limit: number, atOrBelow?: number) {
  return orm
    .select(identity)
    .from(outbox, byPosition)
    .where(
      and(
        eq(outbox.stream, stream),
        gt(outbox.streamSeq, 0n),
        atOrBelow === undefined ? undefined : lte(outbox.streamSeq, BigInt(atOrBelow)),
      ),
    )
    .orderBy(desc(outbox.streamSeq))
    .limit(limit)
}

/** Which message should stand at a row's position. */
export function positionOf(row: Pick<OutboxRow, keyof typeof identity>): PositionedRow {
  return {
    sequence: Number(row.streamSeq),
    cloudEventId: cloudEventId(row.eventId, row.revision),
    subject: row.subject,
    publishedAtMs: row.publishedAt?.getTime() ?? 0,
  }
}

/** Whether the message is the row's, in whichever lane it was published. */
export function isOf(row: PositionedRow, message: StoredMessage | undefined): boolean {
  if (message?.cloudEventId !== row.cloudEventId) return false
  return message.subject === row.subject || message.subject === bulkSubject(row.subject)
}

/** How far a refill has come, in the order of the index; a lost row and one that took its sequence since stand at the same. */
export interface RefillCursor {
  readonly sequence: bigint
  readonly nextAttemptAt: Date
  readonly id: bigint
}

/** Before all that stand at the sequence. */
export function refillFrom(sequence: bigint): RefillCursor {
  return { sequence, nextAttemptAt: new Date(0), id: 0n }
}

/** The next rows of a refill past the cursor, in the stream's order. */
export function rowsToRefill(orm: Database['orm'], stream: string, refill: PendingRefill, past: RefillCursor, limit: number) {
  const { sequence, nextAttemptAt, id } = past
  return orm
    .select()
    .from(outbox, byPosition)
    .where(
      and(
        eq(outbox.stream, stream),
        gte(outbox.streamSeq, sequence),
        or(
          gt(outbox.streamSeq, sequence),
          gt(outbox.nextAttemptAt, nextAttemptAt),
          and(eq(outbox.nextAttemptAt, nextAttemptAt), gt(outbox.id, id)),
        ),
        refill.through === undefined ? undefined : lte(outbox.streamSeq, BigInt(refill.through)),
        // What another replica published with a clock that is ahead is looked at once more, and found.
        lte(outbox.publishedAt, new Date(refill.foundAtMs + clockSkewMs)),
      ),
    )
    .orderBy(asc(outbox.streamSeq), asc(outbox.nextAttemptAt), asc(outbox.id))
    .limit(limit)
}

/** Has the rows stand where they were published again. */
export async function moveRows(database: Database, rows: readonly PublishedRow[], publishedAt: Date): Promise<void> {
  if (rows.length === 0) return
  const moved = padded(rows)
  await database.orm
    .update(outbox)
    .set({ publishedAt, stream: caseOf(moved, (row) => row.stream), streamSeq: caseOf(moved, (row) => row.sequence) })
    .where(
      inArray(
        outbox.id,
        moved.map(({ id }) => id),
      ),
    )
}

/** Has the rows stand nowhere: published, settled by every durable or too old, and not to be looked for any more. */
export async function forgetRows(database: Database, ids: readonly bigint[]): Promise<void> {
  if (ids.length > 0)
    await database.orm
      .update(outbox)
      .set({ streamSeq: 0n })
      .where(inArray(outbox.id, padded(ids)))
}

/** Exported for its plan. */
export const forgetText = `update outbox force index (outbox_position) set stream_seq = 0
  where stream = ? and stream_seq > ? and stream_seq <= ? and published_at <= ? limit ${rowsPerForget}`

/** The same for all rows of a lost tail that every durable had settled: there may be a stream's whole length of them. */
export async function forgetSettledRows(database: Database, stream: string, refill: PendingRefill, signal: AbortSignal): Promise<void> {
  const through = Math.min(refill.floor, refill.through ?? refill.floor)
  for (let forgotten = rowsPerForget; forgotten === rowsPerForget && !signal.aborted;) {
    // Many short transactions instead of one that holds a million locks.
    forgotten = await withTransaction(database, async (tx) => {
      const { affectedRows } = await tx.execute(forgetText, [
        Buffer.from(stream),
        refill.after,
        through,
        sqlInstant(new Date(refill.foundAtMs)),
      ])
      return affectedRows
    })
  }
}

/** A value for each row, by its id. */
function caseOf<Row extends { readonly id: bigint }>(rows: readonly Row[], value: (row: Row) => unknown): SQL {
  const branches = rows.map((row) => sql`when ${row.id} then ${value(row)}`)
  return sql`case ${outbox.id} ${sql.join(branches, sql` `)} end`
}
