import type { CompanyId } from '@frontdesk/contracts'
import { insertedValues, isDuplicateKey, type Transaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, eq, getTableColumns, inArray, or } from 'drizzle-orm'
import type { AppointmentReference, Book, BookChanges } from '../app/ports.ts'
import type { CustomerIdentity } from '../domain/customer.ts'
import { fromAppointment, fromCustomer, toAppointment, toCustomer } from './mapping.ts'
import { appointmentReferences } from './schema/appointment-references.ts'
import { appointments } from './schema/appointments.ts'
import { customerIdentities } from './schema/customer-identities.ts'
import { customers } from './schema/customers.ts'

/** One company's book in one transaction: whatever is read is locked until its end. */
export function createBook({ orm }: Transaction, companyId: CompanyId, now: Date): Book {
  return {
    async open(references, identities) {
      const referenceRows = await readReferences(orm, companyId, references)
      const identityRows = await readIdentities(orm, companyId, identities)
      const appointmentRows = await readAppointments(orm, companyId, [...new Set(referenceRows.map((row) => row.appointmentId))])
      const customerRows = await readCustomers(orm, companyId, [...new Set(identityRows.map((row) => row.customerId))])
      return {
        appointments: appointmentRows.map(toAppointment),
        references: referenceRows.map(({ kind, value, appointmentId }) => ({ reference: { kind, value }, appointmentId })),
        customers: customerRows.map(toCustomer),
        identities: identityRows.map(({ kind, value, customerId }) => ({ identity: { kind, value }, customerId })),
      }
    },

    async save(changes) {
      try {
        await saveCustomers(orm, companyId, changes, now)
        await saveAppointments(orm, companyId, changes, now)
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        throw new FrontdeskError('version_conflict', { publicMessage: 'The same appointment was made at the same time.', cause: error })
      }
    },
  }
}

type Orm = Transaction['orm']

const { name, email, phoneNumber, contactAt } = customers
const { companyId: _company, appointmentId: _id, createdAt: _createdAt, ...changing } = getTableColumns(appointments)

/** Each kind is a list of its own, so that the primary key answers it. */
function ofKinds<Kind extends string>(names: readonly { kind: Kind; value: string }[]): [Kind, string[]][] {
  return [...Map.groupBy(names, ({ kind }) => kind)].map(([kind, ofKind]) => [kind, [...new Set(ofKind.map(({ value }) => value))]])
}

async function readReferences(orm: Orm, companyId: CompanyId, references: readonly AppointmentReference[]) {
  if (references.length === 0) return []
  const { companyId: company, kind, value } = appointmentReferences
  const named = or(...ofKinds(references).map(([name, values]) => and(eq(kind, name), inArray(value, values))))
  return orm
    .select()
    .from(appointmentReferences)
    .where(and(eq(company, companyId), named))
    .for('update')
}

async function readIdentities(orm: Orm, companyId: CompanyId, identities: readonly CustomerIdentity[]) {
  if (identities.length === 0) return []
  const { companyId: company, kind, value } = customerIdentities
  const named = or(...ofKinds(identities).map(([name, values]) => and(eq(kind, name), inArray(value, values))))
  return orm
    .select()
    .from(customerIdentities)
    .where(and(eq(company, companyId), named))
    .for('update')
}

async function readAppointments(orm: Orm, companyId: CompanyId, ids: readonly string[]) {
  if (ids.length === 0) return []
  const { companyId: company, appointmentId } = appointments
  return orm
    .select()
    .from(appointments)
    .where(and(eq(company, companyId), inArray(appointmentId, [...ids])))
    .for('update')
}

async function readCustomers(orm: Orm, companyId: CompanyId, ids: readonly string[]) {
  if (ids.length === 0) return []
  const { companyId: company, customerId } = customers
  return orm
    .select()
    .from(customers)
    .where(and(eq(company, companyId), inArray(customerId, [...ids])))
    .for('update')
}

async function saveCustomers(orm: Orm, companyId: CompanyId, { customers: changed, newIdentities }: BookChanges, now: Date): Promise<void> {
  if (changed.length > 0) {
    const rows = changed.map((customer) => fromCustomer(companyId, customer, now))
    await orm
      .insert(customers)
      .values(rows)
      .onDuplicateKeyUpdate({ set: insertedValues({ name, email, phoneNumber, contactAt }) })
  }
  if (newIdentities.length > 0) {
    await orm.insert(customerIdentities).values(newIdentities.map(({ identity, customerId }) => ({ companyId, ...identity, customerId })))
  }
}

async function saveAppointments(orm: Orm, companyId: CompanyId, changes: BookChanges, now: Date): Promise<void> {
  if (changes.appointments.length > 0) {
    const rows = changes.appointments.map((appointment) => fromAppointment(companyId, appointment, now))
    await orm
      .insert(appointments)
      .values(rows)
      .onDuplicateKeyUpdate({ set: insertedValues(changing) })
  }
  // Merges are rare, and each has to see the one before it.
  for (const { appointmentId, into } of changes.absorbed) {
    await orm
      .update(appointmentReferences)
      .set({ appointmentId: into })
      .where(and(eq(appointmentReferences.companyId, companyId), eq(appointmentReferences.appointmentId, appointmentId)))
    await orm.delete(appointments).where(and(eq(appointments.companyId, companyId), eq(appointments.appointmentId, appointmentId)))
  }
  if (changes.references.length > 0) {
    await orm
      .insert(appointmentReferences)
      .values(changes.references.map(({ reference, appointmentId }) => ({ companyId, ...reference, appointmentId })))
  }
}
