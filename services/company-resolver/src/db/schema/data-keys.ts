import { bytesText, instant, typeId } from '@frontdesk/database'
import { customType, foreignKey, int, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'
import type { DataKeyState } from '../../domain/key-rotation.ts'
import { companies } from './companies.ts'

/** Room for what a key management service makes of 32 bytes. */
const wrappedKey = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'varbinary(1024)' })

/** The keys under which a company's secrets are sealed, wrapped; they count up from 1, and the active one seals. */
export const dataKeys = mysqlTable(
  'data_keys',
  {
    companyId: typeId('company_id').notNull(),
    keyId: int('key_id', { unsigned: true }).notNull(),
    /** Which key-encryption key wraps it. */
    kekId: bytesText('kek_id', 255).notNull(),
    wrapped: wrappedKey('wrapped').notNull(),
    state: bytesText('state', 16).$type<DataKeyState>().notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.keyId] }),
    foreignKey({ name: 'data_keys_company', columns: [table.companyId], foreignColumns: [companies.companyId] }),
  ],
)
