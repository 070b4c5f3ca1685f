import { bytesText, instant, typeId } from '@frontdesk/database'
import { boolean, mysqlTable, unique, varchar } from 'drizzle-orm/mysql-core'

/** The people with an account; their companies are in `memberships`. */
export const users = mysqlTable(
  'users',
  {
    userId: typeId('user_id').primaryKey(),
    email: bytesText('email', 254).notNull(),
    name: varchar('name', { length: 200 }).notNull(),
    operator: boolean('operator').notNull(),
    /** `$argon2id$…`; null until the invitation is accepted. */
    passwordHash: bytesText('password_hash', 255),
    createdAt: instant('created_at').notNull(),
    disabledAt: instant('disabled_at'),
  },
  (table) => [unique('users_by_email').on(table.email)],
)
