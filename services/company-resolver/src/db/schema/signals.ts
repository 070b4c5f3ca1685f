import { bytesText, instant, typeId } from '@frontdesk/database'
import { foreignKey, index, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'
import type { SignalKind } from '../../domain/signal.ts'
import { companies } from './companies.ts'
import { connections } from './connections.ts'
import { phoneNumbers } from './phone-numbers.ts'

/** What a company is recognised by, and when. */
export const signals = mysqlTable(
  'signals',
  {
    companyId: typeId('company_id').notNull(),
    signalId: typeId('signal_id').notNull(),
    kind: bytesText('kind', 32).$type<SignalKind>().notNull(),
    /** At most 255 characters in UTF-8. */
    value: bytesText('value', 1020).notNull(),
    validFrom: instant('valid_from'),
    validUntil: instant('valid_until'),
    /** One of these where it was derived from a connection or a phone number. */
    connectionId: typeId('connection_id'),
    phoneNumberId: typeId('phone_number_id'),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.signalId] }),
    // Attribution asks by value alone: the same list for all kinds of a batch.
    index('signals_by_value').on(table.value, table.kind),
    foreignKey({ name: 'signals_company', columns: [table.companyId], foreignColumns: [companies.companyId] }),
    foreignKey({
      name: 'signals_connection',
      columns: [table.companyId, table.connectionId],
      foreignColumns: [connections.companyId, connections.connectionId],
    }),
    foreignKey({
      name: 'signals_phone_number',
      columns: [table.companyId, table.phoneNumberId],
      foreignColumns: [phoneNumbers.companyId, phoneNumbers.phoneNumberId],
    }),
  ],
)
