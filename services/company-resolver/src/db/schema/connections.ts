import { bytesText, instant, typeId } from '@frontdesk/database'
import { bigint, foreignKey, int, mysqlTable, primaryKey, unique } from 'drizzle-orm/mysql-core'
import { sealed } from './columns.ts'
import { companies } from './companies.ts'

/** A company's own accounts with providers, their webhook secrets sealed by the vault. */
export const connections = mysqlTable(
  'connections',
  {
    companyId: typeId('company_id').notNull(),
    connectionId: typeId('connection_id').notNull(),
    provider: bytesText('provider', 32).notNull(),
    currentSecret: sealed('current_secret').notNull(),
    previousSecret: sealed('previous_secret'),
    /** When the previous one is refused. */
    previousUntil: instant('previous_until'),
    secretVersion: int('secret_version', { unsigned: true }).notNull(),
    /** Rises across all connections, in the order of the commits: the ingress reads on from it. */
    secretCursor: bigint('secret_cursor', { mode: 'bigint', unsigned: true }).notNull(),
    createdAt: instant('created_at'),
    deactivatedAt: instant('deactivated_at'),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.connectionId] }),
    // The ingress knows a connection by its id alone.
    unique('connections_by_id').on(table.connectionId),
    unique('connections_by_secret_cursor').on(table.secretCursor),
    foreignKey({ name: 'connections_company', columns: [table.companyId], foreignColumns: [companies.companyId] }),
  ],
)
