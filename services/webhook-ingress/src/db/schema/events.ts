import { bytesText, eventId, instant, typeId } from '@frontdesk/database'
import type { VerifiedBy } from '../../domain/delivery.ts'
import { bigint, index, int, mysqlTable, primaryKey, uniqueIndex, varchar } from 'drizzle-orm/mysql-core'

/** Where ids are looked up: a server may else read, and lock, a small table from its beginning, or a window that is named too. */
export const byId = { forceIndex: ['events_by_id'] }

/**
 * Every event that was ever accepted, for as long as a provider may send it again (400 days at least).
 * The bodies stand elsewhere: they are partitioned away sooner, and a partitioned table can't be unique on the id.
 * Rows stand in the order of their receipt, so that a new one goes near the end and a list reads neighbours; by ids, which are hashes,
 * each whole row would change a page of its own, and not its entry in a narrow index alone.
 */
export const events = mysqlTable(
  'events',
  {
    eventId: eventId('event_id').notNull(),
    /** Names the group that inserted the row, which is how a group tells its own events from duplicates. */
    claim: bigint('claim', { mode: 'bigint', unsigned: true }).notNull(),
    deliveryId: typeId('delivery_id').notNull(),
    provider: varchar('provider', { length: 32 }).notNull(),
    connectionId: typeId('connection_id'),
    type: varchar('type', { length: 96 }).notNull(),
    entityId: bytesText('entity_id', 255).notNull(),
    receivedAt: instant('received_at').notNull(),
    /** Of what was published last; a reprocess raises it, and `event_revisions` says who did and why. */
    revision: int('revision', { unsigned: true }).notNull().default(1),
    /** Null where it came before this was kept, or not by its webhook. */
    verifiedBy: bytesText('verified_by', 8).$type<VerifiedBy>(),
  },
  (table) => [
    primaryKey({ columns: [table.receivedAt, table.eventId] }),
    uniqueIndex('events_by_id').on(table.eventId),
    index('events_by_entity').on(table.entityId, table.receivedAt),
  ],
)
