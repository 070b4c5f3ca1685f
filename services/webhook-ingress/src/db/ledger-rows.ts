import { type EventId, eventIdFromBytes, eventIdToBytes, newClaim } from '@frontdesk/contracts'
import { padded, type SqlValue, textByLength, type Transaction } from '@frontdesk/database'
import type { NormalizedEvent } from '@frontdesk/providers'
import type { VerifiedDelivery } from '../app/ports.ts'
import type { Delivery } from '../domain/delivery.ts'

// The hottest statements of all, as texts: Drizzle takes longer to build one than the server to run it. A list is padded with
// copies of its last row, which change nothing, so that all lengths share a few statements, each prepared once.

const eventColumns = ['event_id', 'claim', 'delivery_id', 'provider', 'connection_id', 'type', 'entity_id', 'received_at', 'verified_by']
const deliveryColumns = ['delivery_id', 'provider', 'connection_id', 'received_at', 'headers', 'body']
const claimText = insertText('events', eventColumns, 'event_id')
const claimedText = textByLength((rows) => `select event_id from events where event_id in (${marks(rows)}) and claim = ?`)
const keepText = insertText('deliveries', deliveryColumns, 'delivery_id')

/**
 * Inserts the ids that are new and tells which they are. A set-based insert that leaves existing rows alone costs the
 * same at 10% duplicates as at none; the claim number then tells our rows from those that were there before.
 */
export async function claimNew(
  tx: Transaction,
  candidates: readonly { readonly delivery: VerifiedDelivery; readonly event: NormalizedEvent }[],
): Promise<ReadonlySet<EventId>> {
  if (candidates.length === 0) return new Set()
  const claim = newClaim()
  const rows = candidates.map(({ delivery, event }): SqlValue[] => [
    eventIdToBytes(event.id),
    claim,
    delivery.id,
    delivery.provider,
    delivery.connectionId ?? null,
    event.type,
    Buffer.from(event.entityId),
    delivery.receivedAt,
    Buffer.from(delivery.verifiedBy),
  ])
  const sent = padded(rows)
  await tx.execute(claimText(sent.length), sent.flat())
  const claimed = await tx.execute(claimedText(sent.length), [...sent.map(([id]) => id ?? null), claim])
  return new Set(claimed.rows.map((row) => eventIdFromBytes(row['event_id'] as Buffer)))
}

/** Inserts the deliveries; the caller has seen that they are new. */
export async function keepDeliveries(tx: Transaction, kept: readonly Delivery[]): Promise<void> {
  const rows = padded(kept).map((delivery, index): SqlValue[] => [
    delivery.id,
    delivery.provider,
    delivery.connectionId ?? null,
    delivery.receivedAt,
    index < kept.length ? JSON.stringify(delivery.headers) : '{}',
    // A copy only fills the statement: its body need not travel twice.
    index < kept.length ? delivery.rawBody : Buffer.alloc(0),
  ])
  await tx.execute(keepText(rows.length), rows.flat())
}

function insertText(table: string, columns: readonly string[], key: string): (rows: number) => string {
  const row = `(${marks(columns.length)})`
  return textByLength((rows) => {
    const values = Array.from({ length: rows }, () => row).join(', ')
    return `insert into ${table} (${columns.join(', ')}) values ${values} on duplicate key update ${key} = ${table}.${key}`
  })
}

function marks(length: number): string {
  return Array.from({ length }, () => '?').join(', ')
}
