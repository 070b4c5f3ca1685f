import type { EventType } from '@frontdesk/contracts'
import { bytesText, eventId, instant, mediumBytes } from '@frontdesk/database'
import { index, int, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'

/**
 * What was published of an event by hand and not by its webhook: who had it sent, why, and what it then was, which the
 * next revision is compared with. The first revision of an event that came by itself stands in the outbox alone.
 */
export const eventRevisions = mysqlTable(
  'event_revisions',
  {
    eventId: eventId('event_id').notNull(),
    revision: int('revision', { unsigned: true }).notNull(),
    mode: bytesText('mode', 16).$type<'as_published' | 'renormalize'>().notNull(),
    eventType: bytesText('event_type', 96).$type<EventType>().notNull(),
    entityId: bytesText('entity_id', 255).notNull(),
    occurredAt: instant('occurred_at').notNull(),
    body: mediumBytes('body').notNull(),
    /** As the caller's token proved. */
    caller: bytesText('caller', 255).notNull(),
    actor: bytesText('actor', 255),
    /** In which an event is sent once, however often it is asked for. */
    runId: bytesText('run_id', 40),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.revision] }), index('event_revisions_by_time').on(table.createdAt)],
)
