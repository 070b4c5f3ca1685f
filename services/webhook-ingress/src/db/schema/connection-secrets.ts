import { instant, mediumBytes, typeId } from '@frontdesk/database'
import { bigint, mysqlTable, varchar } from 'drizzle-orm/mysql-core'

/** The ingress's own sealed copy of the directory's connection secrets. */
export const connectionSecrets = mysqlTable('connection_secrets', {
  connectionId: typeId('connection_id').primaryKey(),
  provider: varchar('provider', { length: 32 }).notNull(),
  sealedCurrent: mediumBytes('sealed_current').notNull(),
  sealedPrevious: mediumBytes('sealed_previous'),
  /** When the previous one is refused. */
  previousUntil: instant('previous_until'),
  version: bigint('version', { mode: 'bigint', unsigned: true }).notNull(),
})
