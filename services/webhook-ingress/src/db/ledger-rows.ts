import { type EventId, eventIdFromBytes, eventIdToBytes, newClaim } from '@frontdesk/contracts'
import { padded, sqlList, type SqlStatement, sqlTuples, type SqlValue, textByLength, type Transaction } from '@frontdesk/database'
import type { NormalizedEvent } from '@frontdesk/providers'
import type { VerifiedDelivery } from '../app/ports.ts'
import type { Delivery } from '../domain/delivery.ts'

// The hottest statements of all, as texts: Drizzle takes longer to build one than the server to run it.

/** The event of a group that is the first of its id, with the delivery that brought it. */
export interface Candidate {
  readonly delivery: VerifiedDelivery
  readonly event: NormalizedEvent
}

/** A connection keeps a prepared statement for each number of rows up to this. */
const rowsPerStatement = 32
/** A batch of a provider's may hold thousands of events, and a statement at most 65,535 placeholders. */
const rowsPerClaim = 256

const eventColumns = ['event_id', 'claim', 'delivery_id', 'provider', 'connection_id', 'type', 'entity_id', 'received_at', 'verified_by']
const deliveryColumns = ['delivery_id', 'provider', 'connection_id', 'received_at', 'headers', 'body']
const eventsText = insertText('events', eventColumns)
const deliveriesText = insertText('deliveries', deliveryColumns)
const claimText = textByLength((rows) => `${eventsText(rows)} on duplicate key update event_id = events.event_id`)
const claimedText = textByLength(
  (rows) => `select event_id from events force index (events_by_id) where event_id in (${sqlList(rows)}) and claim = ?`,
)

/** Inserts the events; the statement fails where one was there before. */
export function insertEvents(candidates: readonly Candidate[]): SqlStatement[] {
  const claim = newClaim()
  return inParts(candidates, eventsText, (candidate) => eventRow(candidate, claim))
}

/** Inserts the deliveries, which are new. */
export function insertDeliveries(deliveries: readonly Delivery[]): SqlStatement[] {
  return inParts(deliveries, deliveriesText, ({ id, provider, connectionId, receivedAt, headers, rawBody }) => [
    id,
    provider,
    connectionId ?? null,
    receivedAt,
    JSON.stringify(headers),
    rawBody,
  ])
}

/**
 * Inserts the ids that are new and tells which they are. A set-based insert that leaves existing rows alone costs the
 * same at 10% duplicates as at none; the claim number then tells our rows from those that were there before.
 */
export async function claimNew(tx: Transaction, candidates: readonly Candidate[]): Promise<ReadonlySet<EventId>> {
  const claim = newClaim()
  const claimed = new Set<EventId>()
  for (let start = 0; start < candidates.length; start += rowsPerClaim) {
    // Padded with copies of the last, which change nothing.
    const rows = padded(candidates.slice(start, start + rowsPerClaim).map((candidate) => eventRow(candidate, claim)))
    // In the order of the ids, on one connection.
    const [, ours] = await tx.executeAll([
      { sql: claimText(rows.length), params: rows.flat() },
      { sql: claimedText(rows.length), params: [...rows.map(([id]) => id ?? null), claim] },
    ])
    if (!ours) throw new TypeError('the claim has no answer')
    for (const row of ours.rows) claimed.add(eventIdFromBytes(row['event_id'] as Buffer))
  }
  return claimed
}

/**
 * Changes a row of an event that is there already: a commit that changes nothing waits for no disk, while the one that first kept the
 * event, and has let go of its locks, may still be on its way there. Nobody reads a claim any more once it is committed.
 */
export async function renewClaim(tx: Transaction, { event }: Candidate): Promise<void> {
  await tx.execute('update events set claim = ? where event_id = ?', [newClaim(), eventIdToBytes(event.id)])
}

function eventRow({ delivery, event }: Candidate, claim: bigint): SqlValue[] {
  return [
    eventIdToBytes(event.id),
    claim,
    delivery.id,
    delivery.provider,
    delivery.connectionId ?? null,
    event.type,
    Buffer.from(event.entityId),
    delivery.receivedAt,
    Buffer.from(delivery.verifiedBy),
  ]
}

function inParts<Item>(items: readonly Item[], textOf: (rows: number) => string, rowOf: (item: Item) => SqlValue[]): SqlStatement[] {
  const statements: SqlStatement[] = []
  for (let start = 0; start < items.length; start += rowsPerStatement) {
    const part = items.slice(start, start + rowsPerStatement)
    statements.push({ sql: textOf(part.length), params: part.flatMap(rowOf) })
  }
  return statements
}

function insertText(table: string, columns: readonly string[]): (rows: number) => string {
  return textByLength((rows) => `insert into ${table} (${columns.join(', ')}) values ${sqlTuples(rows, columns.length)}`)
}
