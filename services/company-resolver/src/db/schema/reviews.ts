import { bytesText, eventId, instant, typeId } from '@frontdesk/database'
import { bigint, double, index, int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import type { QuarantineReason } from '../../domain/decide.ts'
import type { ReviewAct } from '../../domain/review.ts'

/** What persons did with events, one row for each act, never changed: the audit, and the labels that weights are fitted by. */
export const reviews = mysqlTable(
  'reviews',
  {
    sequence: bigint('sequence', { mode: 'bigint', unsigned: true }).autoincrement().primaryKey(),
    eventId: eventId('event_id').notNull(),
    /** The newest when he decided. */
    revision: int('revision', { unsigned: true }).notNull(),
    act: bytesText('act', 32).$type<ReviewAct>().notNull(),
    /** Whose the event is; null for nobody's. */
    companyId: typeId('company_id'),
    /** Why it had waited, if it had. */
    waitedFor: bytesText('waited_for', 32).$type<QuarantineReason>(),
    /** The signal that he added with it. */
    addedSignalId: typeId('added_signal_id'),
    reviewedBy: bytesText('reviewed_by', 255).notNull(),
    reviewedAt: instant('reviewed_at').notNull(),
    note: varchar('note', { length: 500 }).notNull(),
    /** Of the decision that he looked at. */
    modelVersion: bytesText('model_version', 64).notNull(),
    propensity: double('propensity'),
  },
  (table) => [index('reviews_by_event').on(table.eventId, table.sequence)],
)
