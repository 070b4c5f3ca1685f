import { streams } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import { and, asc, count, eq, inArray, isNull, lte, min, or } from 'drizzle-orm'
import { unionAll } from 'drizzle-orm/mysql-core'
import { byPosition, outbox, type OutboxRow } from './tables.ts'

// A row without a position waits for the broker: it stands at the beginning of its stream in the index of positions, by its next attempt.

const streamNames = streams.map(({ name }) => name)
/** Of each stream, and of none: a subject that no stream of ours owns. */
const places = [...streamNames.map((name) => eq(outbox.stream, name)), isNull(outbox.stream)]
const waits = and(or(inArray(outbox.stream, streamNames), isNull(outbox.stream)), isNull(outbox.streamSeq))

/** How many rows the broker has not acknowledged. */
export function waitingCount(orm: Database['orm']) {
  return orm.select({ rows: count() }).from(outbox, byPosition).where(waits)
}

/** The lowest of their ids, which the index alone gives: a million waiting rows are not read to be aged. */
export function firstWaiting(orm: Database['orm']) {
  return orm
    .select({ id: min(outbox.id) })
    .from(outbox, byPosition)
    .where(waits)
}

/** The ids of rows whose time has come, the longest due first; each stream is read by itself, since together they would have to be sorted. */
export function dueIds(orm: Database['orm'], at: Date, limit: number) {
  const dueIn = (place: (typeof places)[number]) =>
    orm
      .select({ id: outbox.id, nextAttemptAt: outbox.nextAttemptAt })
      .from(outbox, byPosition)
      .where(and(place, isNull(outbox.streamSeq), lte(outbox.nextAttemptAt, at)))
      .orderBy(asc(outbox.nextAttemptAt), asc(outbox.id))
      .limit(limit)
  const [first, second, ...others] = places.map(dueIn)
  if (!first || !second) throw new TypeError('the contracts have no stream')
  return unionAll(first, second, ...others)
    .orderBy((fields) => [asc(fields.nextAttemptAt), asc(fields.id)])
    .limit(limit)
}

/** The rows of these ids, rising. */
export async function rowsById(orm: Database['orm'], ids: readonly bigint[]): Promise<OutboxRow[]> {
  if (ids.length === 0) return []
  return orm
    .select()
    .from(outbox)
    .where(inArray(outbox.id, padded(ids)))
    .orderBy(asc(outbox.id))
}
