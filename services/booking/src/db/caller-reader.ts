import type { CompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, asc, eq, gt } from 'drizzle-orm'
import type { CallerReader } from '../app/ports.ts'
import { appointments } from './schema/appointments.ts'
import { customerIdentities } from './schema/customer-identities.ts'
import { customers } from './schema/customers.ts'

type Orm = Database['orm']

/** What is under way counts as next, and no appointment takes longer: the start has to have a bound for the index. */
const longestAppointmentMs = 24 * 3_600_000

/** Who calls one company: two reads, whatever they find. */
export function createCallerReader({ orm }: Database, companyId: CompanyId): CallerReader {
  return {
    async find(callerNumber, now) {
      const [customer] = await customerOfNumber(orm, companyId, callerNumber)
      if (!customer) return undefined
      const [next] = await nextAppointmentOf(orm, companyId, customer.customerId, now)
      const nextAppointment = next?.startsAt ? { id: next.id, title: next.title, startsAt: next.startsAt } : undefined
      return { name: customer.name, nextAppointment }
    },
  }
}

export function customerOfNumber(orm: Orm, companyId: CompanyId, callerNumber: string) {
  return orm
    .select({ customerId: customers.customerId, name: customers.name })
    .from(customerIdentities)
    .innerJoin(
      customers,
      and(eq(customers.companyId, customerIdentities.companyId), eq(customers.customerId, customerIdentities.customerId)),
    )
    .where(
      and(
        eq(customerIdentities.companyId, companyId),
        eq(customers.companyId, companyId),
        eq(customerIdentities.kind, 'caller_number'),
        eq(customerIdentities.value, callerNumber),
      ),
    )
}

export function nextAppointmentOf(orm: Orm, companyId: CompanyId, customerId: string, now: Date) {
  return orm
    .select({ id: appointments.appointmentId, title: appointments.title, startsAt: appointments.startsAt })
    .from(appointments)
    .where(
      and(
        eq(appointments.companyId, companyId),
        eq(appointments.customerId, customerId),
        eq(appointments.status, 'confirmed'),
        gt(appointments.startsAt, new Date(now.getTime() - longestAppointmentMs)),
        gt(appointments.endsAt, now),
      ),
    )
    .orderBy(asc(appointments.startsAt), asc(appointments.appointmentId))
    .limit(1)
}
