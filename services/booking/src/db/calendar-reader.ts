import type { CompanyId } from '@frontdesk/contracts'
import type { SqlSession } from '@frontdesk/database'
import { and, asc, eq, gt, lt } from 'drizzle-orm'
import type { CalendarReader } from '../app/ports.ts'
import type { TimeSpan } from '../domain/free-times.ts'
import { toAppointment } from './mapping.ts'
import { appointments } from './schema/appointments.ts'

/** No appointment takes longer: the start has to have a bound for the index. */
const longestAppointmentMs = 24 * 3_600_000

/** One company's confirmed appointments. */
export function createCalendarReader({ orm }: Pick<SqlSession, 'orm'>, companyId: CompanyId): CalendarReader {
  return {
    async overlapping({ startsAt, endsAt }: TimeSpan) {
      const rows = await orm
        .select()
        .from(appointments)
        .where(
          and(
            eq(appointments.companyId, companyId),
            eq(appointments.status, 'confirmed'),
            gt(appointments.startsAt, new Date(startsAt.getTime() - longestAppointmentMs)),
            lt(appointments.startsAt, endsAt),
            gt(appointments.endsAt, startsAt),
          ),
        )
        .orderBy(asc(appointments.startsAt))
      return rows.map(toAppointment)
    },
  }
}
