import { instant, typeId } from '@frontdesk/database'
import { foreignKey, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'
import { digest } from './columns.ts'
import { users } from './users.ts'

/** What stands in for the authenticator, each code once. */
export const recoveryCodes = mysqlTable(
  'recovery_codes',
  {
    userId: typeId('user_id').notNull(),
    codeDigest: digest('code_digest').notNull(),
    usedAt: instant('used_at'),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.codeDigest] }),
    foreignKey({ name: 'recovery_codes_user', columns: [table.userId], foreignColumns: [users.userId] }),
  ],
)
