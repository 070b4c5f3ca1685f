import { instant } from '@frontdesk/database'
import { index, int, mysqlTable } from 'drizzle-orm/mysql-core'
import { digest } from './columns.ts'

/** How often was tried what may not be tried often; the key tells nobody whose account it is. */
export const attempts = mysqlTable(
  'attempts',
  {
    subjectDigest: digest('subject_digest').primaryKey(),
    counted: int('counted', { unsigned: true }).notNull(),
    windowEndsAt: instant('window_ends_at').notNull(),
  },
  (table) => [index('attempts_by_end').on(table.windowEndsAt)],
)
