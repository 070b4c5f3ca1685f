import { bytesText, typeId } from '@frontdesk/database'
import { foreignKey, index, mysqlEnum, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'
import { appointments } from './appointments.ts'

/** The names under which the outside world knows an appointment: unique in a company, several for one appointment. */
export const appointmentReferences = mysqlTable(
  'appointment_references',
  {
    companyId: typeId('company_id').notNull(),
    kind: mysqlEnum('kind', ['call', 'calendar_booking', 'calendar_series', 'tool_call']).notNull(),
    value: bytesText('value', 255).notNull(),
    appointmentId: typeId('appointment_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.kind, table.value] }),
    index('appointment_references_by_value').on(table.companyId, table.value),
    foreignKey({
      name: 'appointment_references_appointment',
      columns: [table.companyId, table.appointmentId],
      foreignColumns: [appointments.companyId, appointments.appointmentId],
    }),
  ],
)
