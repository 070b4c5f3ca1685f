import { instant, typeId } from '@frontdesk/database'
import { foreignKey, index, int, mysqlEnum, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core'
import { customers } from './customers.ts'

/** A company's appointments, each in the state of the latest change by the provider's order. */
export const appointments = mysqlTable(
  'appointments',
  {
    companyId: typeId('company_id').notNull(),
    appointmentId: typeId('appointment_id').notNull(),
    customerId: typeId('customer_id'),
    status: mysqlEnum('status', ['requested', 'confirmed', 'cancelled']).notNull(),
    origin: mysqlEnum('origin', ['call', 'calendar_booking']).notNull(),
    originId: varchar('origin_id', { length: 255 }).notNull(),
    title: varchar('title', { length: 500 }).notNull(),
    startsAt: instant('starts_at'),
    endsAt: instant('ends_at'),
    preferredStartText: varchar('preferred_start_text', { length: 500 }).notNull(),
    cancellationReason: varchar('cancellation_reason', { length: 1000 }).notNull(),
    version: int('version', { unsigned: true }).notNull(),
    /** The order of the change that the state comes from: a lesser one no longer counts. */
    changedAt: instant('changed_at').notNull(),
    changeSequence: int('change_sequence', { unsigned: true }).notNull(),
    changeRank: int('change_rank', { unsigned: true }).notNull(),
    changeRevision: int('change_revision', { unsigned: true }).notNull(),
    /** Since when a person has to look at it. */
    flaggedAt: instant('flagged_at'),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.appointmentId] }),
    foreignKey({
      name: 'appointments_customer',
      columns: [table.companyId, table.customerId],
      foreignColumns: [customers.companyId, customers.customerId],
    }),
    index('appointments_by_start').on(table.companyId, table.startsAt, table.appointmentId),
    index('appointments_by_customer').on(table.companyId, table.customerId, table.startsAt, table.appointmentId),
    index('appointments_flagged').on(table.companyId, table.flaggedAt),
    index('appointments_by_status').on(table.companyId, table.status, table.startsAt, table.appointmentId),
  ],
)
