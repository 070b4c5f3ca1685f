import type { CompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, asc, eq, gt, inArray, isNotNull, isNull, or, type SQL } from 'drizzle-orm'
import type { AppointmentReader, StoredAppointment } from '../app/ports.ts'
import { type AppointmentRow, toAppointment } from './mapping.ts'
import { instantAndId, pageOf, parseInstantAndId } from './page-token.ts'
import { appointmentReferences } from './schema/appointment-references.ts'
import { appointments } from './schema/appointments.ts'

/** One company's appointments in the database. */
export function createAppointmentReader({ orm }: Database, companyId: CompanyId): AppointmentReader {
  const ofCompany = eq(appointments.companyId, companyId)
  return {
    async get(appointmentId) {
      const [row] = await orm
        .select()
        .from(appointments)
        .where(and(ofCompany, eq(appointments.appointmentId, appointmentId)))
      return row && toStored(row)
    },

    async list({ customerId, status, originId, limit, pageToken }) {
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
            pageToken === '' ? undefined : after(parseInstantAndId(pageToken)),
          ),
        )
        .orderBy(asc(appointments.startsAt), asc(appointments.appointmentId))
        .limit(limit)
      return pageOf(rows, limit, toStored, (row) => instantAndId(row.startsAt, row.appointmentId))
    },
  }
}

function toStored(row: AppointmentRow): StoredAppointment {
  return { ...toAppointment(row), createdAt: row.createdAt, updatedAt: row.updatedAt }
}

/** MySQL sorts NULL before every instant. */
function after({ instant, id }: { instant: Date | undefined; id: string }): SQL | undefined {
  const { startsAt, appointmentId } = appointments
  if (!instant) return or(and(isNull(startsAt), gt(appointmentId, id)), isNotNull(startsAt))
  return or(gt(startsAt, instant), and(eq(startsAt, instant), gt(appointmentId, id)))
}
