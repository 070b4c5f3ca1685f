import { eventId, instant } from '@frontdesk/database'
import { index, mysqlTable } from 'drizzle-orm/mysql-core'

/** The attributed events that were drawn by lot for a person to look at. */
export const audits = mysqlTable(
  'audits',
  {
    eventId: eventId('event_id').primaryKey(),
    drawnAt: instant('drawn_at').notNull(),
    /** When a person has looked at it. */
    reviewedAt: instant('reviewed_at'),
  },
  (table) => [index('audits_waiting').on(table.reviewedAt, table.drawnAt, table.eventId)],
)
