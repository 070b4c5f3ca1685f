import { instant, typeId } from '@frontdesk/database'
import { bigint, foreignKey, mysqlTable } from 'drizzle-orm/mysql-core'
import { sealed } from './columns.ts'
import { users } from './users.ts'

/** A user's authenticator: the secret in force, and one that waits for its confirmation. */
export const secondFactors = mysqlTable(
  'second_factors',
  {
    userId: typeId('user_id').primaryKey(),
    secret: sealed('secret'),
    proposed: sealed('proposed'),
    proposedAt: instant('proposed_at'),
    /** The time step of the last code that was used; only later ones count. */
    lastStep: bigint('last_step', { mode: 'number', unsigned: true }).notNull(),
  },
  (table) => [foreignKey({ name: 'second_factors_user', columns: [table.userId], foreignColumns: [users.userId] })],
)
