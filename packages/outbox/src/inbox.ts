import type { EventEnvelope, ReceivedEvent } from '@frontdesk/bus'
import { eventIdFromBytes, eventIdToBytes, newClaim } from '@frontdesk/contracts'
import {
  type Database,
  padded,
  type SqlStatement,
  type SqlValue,
  type Transaction,
  sqlList,
  sqlTuples,
  textByLength,
} from '@frontdesk/database'
import { count } from 'drizzle-orm'
import { sqlInstant } from './sql.ts'
import { inbox } from './tables.ts'

/** What the inbox holds, over all handlers. */
export type HandledCounts = Record<'handled' | 'dead', bigint>

/** An event as one handler knows it, by id and revision. */
export function eventKey(envelope: Pick<EventEnvelope, 'id' | 'revision'>): string {
  return `${envelope.id}.${envelope.revision}`
}

function keyOf(eventId: Uint8Array, revision: number): string {
  return eventKey({ id: eventIdFromBytes(eventId), revision })
}

/**
 * Takes the events that this handler has not taken yet, in their order, each once; the caller's commit
 * makes it final. A batch that another process is committing is waited for.
 */
export async function claimEvents(tx: Transaction, handler: string, events: readonly ReceivedEvent[], now: Date): Promise<ReceivedEvent[]> {
  const claim = newClaim().toString()
  const handledAt = sqlInstant(now)
  // In the order of the key, so that two processes with the same events wait for each other and don't deadlock.
  const rows = padded(events.toSorted(byKey)).map(({ envelope, deliveryCount }): SqlValue[] => [
    handler,
    eventIdToBytes(envelope.id),
    envelope.revision,
    claim,
    envelope.type,
    envelope.companyId ?? null,
    deliveryCount,
    handledAt,
  ])
  const [, claimed] = await tx.executeAll([
    { sql: insertText(rows.length), params: rows.flat() },
    { sql: claimedText(rows.length), params: [handler, ...rows.map((row) => row[1] as Uint8Array), claim] },
  ])
  const ours = new Set(claimed?.rows.map((row) => keyOf(row['event_id'] as Uint8Array, Number(row['revision']))))
  const [known] = rows
  if (known && ours.size === 0) tx.defer([claimRenewal(known)])
  // A second copy in the same batch finds its key already taken.
  return events.filter((event) => ours.delete(eventKey(event.envelope)))
}

/**
 * Changes a row that is there already: a commit that changes nothing waits for no disk, while the one that took the event, and has let go
 * of its locks, may still be on its way there, and the broker would be told that it is done. Nobody reads a claim once it is committed.
 */
function claimRenewal([handler = null, eventId = null, revision = null, claim = null]: readonly SqlValue[]): SqlStatement {
  return {
    sql: 'update inbox set claim = ? where handler = ? and event_id = ? and revision = ?',
    params: [claim, handler, eventId, revision],
  }
}

const insertText = textByLength(
  (rows) =>
    `insert into inbox (handler, event_id, revision, claim, event_type, company_id, attempts, handled_at, outcome)
     values ${sqlTuples(rows, 8, "'done'")} on duplicate key update claim = claim`,
)
const claimedText = textByLength(
  (rows) => `select event_id, revision from inbox where handler = ? and event_id in (${sqlList(rows)}) and claim = ?`,
)

function byKey(a: ReceivedEvent, b: ReceivedEvent): number {
  if (a.envelope.id !== b.envelope.id) return a.envelope.id < b.envelope.id ? -1 : 1
  return a.envelope.revision - b.envelope.revision
}

/** How many events this database's handlers have taken, by outcome. */
export async function countHandled(database: Database): Promise<HandledCounts> {
  const rows = await database.orm.select({ outcome: inbox.outcome, rows: count() }).from(inbox).groupBy(inbox.outcome)
  const of = (outcome: 'done' | 'dead') => BigInt(rows.find((row) => row.outcome === outcome)?.rows ?? 0)
  return { handled: of('done'), dead: of('dead') }
}
