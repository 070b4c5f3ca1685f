import type { CompanyId } from '@frontdesk/contracts'
import { bytesText, eventId, instant, typeId } from '@frontdesk/database'
import { index, int, mysqlEnum, mysqlTable, primaryKey, unique } from 'drizzle-orm/mysql-core'

/** What a company used, each call and message once, and what the payment provider's meter was told of it. */
export const usageRecords = mysqlTable(
  'usage_records',
  {
    companyId: typeId('company_id').$type<CompanyId>().notNull(),
    usageId: typeId('usage_id').notNull(),
    kind: mysqlEnum('kind', ['call_minutes', 'messages']).notNull(),
    entityId: bytesText('entity_id', 255).notNull(),
    /** The event that it was counted from. */
    eventId: eventId('event_id').notNull(),
    revision: int('revision', { unsigned: true }).notNull(),
    quantity: int('quantity').notNull(),
    usedAt: instant('used_at').notNull(),
    createdAt: instant('created_at').notNull(),
    reportedQuantity: int('reported_quantity').notNull().default(0),
    reportedAt: instant('reported_at'),
    /** What the last settled report said; 0 once the meter has refused that, null where it was settled before this column was there. */
    lastReportedQuantity: int('last_reported_quantity'),
    /** Of the report under way, fixed before it is sent, so that a repetition says the same. */
    pendingQuantity: int('pending_quantity'),
    reportNumber: int('report_number', { unsigned: true }).notNull().default(0),
    /** From when on it may be reported; null when there is nothing to report. */
    nextReportAt: instant('next_report_at'),
    /** Since when it waits; null when it need not, or can't, for want of an account. */
    unreportedSince: instant('unreported_since'),
    attempts: int('attempts', { unsigned: true }).notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.usageId] }),
    unique('usage_records_natural').on(table.companyId, table.kind, table.entityId),
    index('usage_records_by_time').on(table.companyId, table.usedAt, table.usageId),
    // Everything that an invoice adds up.
    index('usage_records_by_kind').on(table.companyId, table.kind, table.usedAt, table.usageId, table.quantity),
    // The provider names a report by its record alone.
    index('usage_records_by_id').on(table.usageId),
    index('usage_records_due').on(table.nextReportAt),
    index('usage_records_waiting').on(table.unreportedSince),
  ],
)
