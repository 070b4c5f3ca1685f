import { instant, typeId } from '@frontdesk/database'
import { foreignKey, index, mysqlTable } from 'drizzle-orm/mysql-core'
import { digest } from './columns.ts'
import { users } from './users.ts'

/** What sets a password, once. */
export const invitations = mysqlTable(
  'invitations',
  {
    tokenDigest: digest('token_digest').primaryKey(),
    userId: typeId('user_id').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    index('invitations_by_user').on(table.userId),
    index('invitations_by_end').on(table.expiresAt),
    foreignKey({ name: 'invitations_user', columns: [table.userId], foreignColumns: [users.userId] }),
  ],
)
