import type { CompanyId } from '@frontdesk/contracts'
import { bytesText, eventId, instant, typeId } from '@frontdesk/database'
import { index, int, mysqlEnum, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'

const version = (name: string) => int(name, { unsigned: true })

/** What of the payment provider is to be fetched, or was: each event about it raises the version that is wanted. */
export const refetches = mysqlTable(
  'refetches',
  {
    companyId: typeId('company_id').$type<CompanyId>().notNull(),
    objectType: mysqlEnum('object_type', ['subscription', 'invoice']).notNull(),
    objectId: bytesText('object_id', 255).notNull(),
    requestedVersion: version('requested_version').notNull(),
    /** The wanted version as it stood before the fetch whose state the mirror has. */
    fetchedVersion: version('fetched_version').notNull(),
    /** The newest event that asked. */
    eventId: eventId('event_id'),
    /** Since when something is wanted that was not fetched; null when nothing is. */
    requestedAt: instant('requested_at'),
    /** From when on it may be fetched; in a fetch, when that is given up for lost. */
    nextAttemptAt: instant('next_attempt_at'),
    attempts: int('attempts', { unsigned: true }).notNull(),
    outcome: mysqlEnum('outcome', ['mirrored', 'missing', 'foreign']),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.objectType, table.objectId] }),
    index('refetches_due').on(table.nextAttemptAt),
    index('refetches_waiting').on(table.requestedAt),
  ],
)
