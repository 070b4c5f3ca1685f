import { bytesText, instant, typeId } from '@frontdesk/database'
import { boolean, foreignKey, index, mysqlTable, unique } from 'drizzle-orm/mysql-core'
import type { ClientKind } from '../../domain/session.ts'
import { digest } from './columns.ts'
import { users } from './users.ts'

/** The logins, found by the digest of their token. */
export const sessions = mysqlTable(
  'sessions',
  {
    tokenDigest: digest('token_digest').primaryKey(),
    sessionId: typeId('session_id').notNull(),
    userId: typeId('user_id').notNull(),
    client: bytesText('client', 16).$type<ClientKind>().notNull(),
    secondFactor: boolean('second_factor').notNull(),
    createdAt: instant('created_at').notNull(),
    seenAt: instant('seen_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    unique('sessions_by_id').on(table.sessionId),
    index('sessions_by_user').on(table.userId),
    index('sessions_by_end').on(table.expiresAt),
    foreignKey({ name: 'sessions_user', columns: [table.userId], foreignColumns: [users.userId] }),
  ],
)
