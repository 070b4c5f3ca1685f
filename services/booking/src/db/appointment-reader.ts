import type { CompanyId } from '@frontdesk/contracts'
import { type Database, keyset, pageOf, positionToken } from '@frontdesk/database'
import { and, eq, inArray, isNotNull } from 'drizzle-orm'
import type { AppointmentReader, StoredAppointment } from '../app/ports.ts'
import { type AppointmentRow, toAppointment } from './mapping.ts'
import { appointmentReferences } from './schema/appointment-references.ts'
import { appointments } from './schema/appointments.ts'

/** One company's appointments in the database. */
export function createAppointmentReader({ orm }: Database, companyId: CompanyId): AppointmentReader {
  const ofCompany = eq(appointments.companyId, companyId)
  const { order, behind } = keyset(appointments.startsAt, appointments.appointmentId, 'earliest first')
  return {
    async get(appointmentId) {
      const [row] = await orm
        .select()
        .from(appointments)
        .where(and(ofCompany, eq(appointments.appointmentId, appointmentId)))
      return row && toStored(row)
    },

    async list({ customerId, status, originId, flagged, limit, pageToken }) {
      const named = () =>
        orm
          .select({ appointmentId: appointmentReferences.appointmentId })
          .from(appointmentReferences)
          .where(and(eq(appointmentReferences.companyId, companyId), eq(appointmentReferences.value, originId ?? '')))
      const rows = await orm
        .select()
        .from(appointments)
        .where(
          and(
            ofCompany,
            customerId === undefined ? undefined : eq(appointments.customerId, customerId),
            status === undefined ? undefined : eq(appointments.status, status),
            originId === undefined ? undefined : inArray(appointments.appointmentId, named()),
            flagged ? isNotNull(appointments.flaggedAt) : undefined,
            behind(pageToken),
          ),
        )
        .orderBy(...order)
        .limit(limit)
      return pageOf(rows, limit, toStored, ({ startsAt, appointmentId }) => positionToken({ instant: startsAt, id: appointmentId }))
    },
  }
}

function toStored(row: AppointmentRow): StoredAppointment {
  return { ...toAppointment(row), createdAt: row.createdAt, updatedAt: row.updatedAt }
}
