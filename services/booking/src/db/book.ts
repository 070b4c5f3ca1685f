import type { CompanyId } from '@frontdesk/contracts'
import { isDuplicateKey, padded, rowInsert, type SqlStatement, type Transaction } from '@frontdesk/database'
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
export function createBook(tx: Transaction, companyId: CompanyId, now: Date): Book {
  const { orm } = tx
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
        tx.defer([...customerRows(companyId, changes, now), ...appointmentRows(companyId, changes, now)])
        await absorb(orm, companyId, changes)
        await tx.executeAll(referenceRows(companyId, changes))
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        throw new FrontdeskError('version_conflict', { publicMessage: 'The same appointment was made at the same time.', cause: error })
      }
    },
  }
}

type Orm = Transaction['orm']

const insertCustomers = rowInsert(customers, ['companyId', 'customerId', 'name', 'email', 'phoneNumber', 'contactAt', 'createdAt'], {
  onDuplicate: ['name', 'email', 'phoneNumber', 'contactAt'],
})
const insertIdentities = rowInsert(customerIdentities, ['companyId', 'kind', 'value', 'customerId'])
const { companyId: _company, appointmentId: _id, createdAt: _createdAt, ...changingColumns } = getTableColumns(appointments)
const changing = Object.keys(changingColumns) as (keyof typeof changingColumns)[]
const insertAppointments = rowInsert(appointments, ['companyId', 'appointmentId', 'createdAt', ...changing], { onDuplicate: changing })
const insertReferences = rowInsert(appointmentReferences, ['companyId', 'kind', 'value', 'appointmentId'])

/** Each kind is a list of its own, so that the primary key answers it. */
function ofKinds<Kind extends string>(names: readonly { kind: Kind; value: string }[]): [Kind, string[]][] {
  return [...Map.groupBy(names, ({ kind }) => kind)].map(([kind, ofKind]) => [kind, [...new Set(ofKind.map(({ value }) => value))]])
}

async function readReferences(orm: Orm, companyId: CompanyId, references: readonly AppointmentReference[]) {
  if (references.length === 0) return []
  const { companyId: company, kind, value } = appointmentReferences
  const named = or(...ofKinds(references).map(([name, values]) => and(eq(kind, name), inArray(value, padded(values)))))
  return orm
    .select()
    .from(appointmentReferences)
    .where(and(eq(company, companyId), named))
    .for('update')
}

async function readIdentities(orm: Orm, companyId: CompanyId, identities: readonly CustomerIdentity[]) {
  if (identities.length === 0) return []
  const { companyId: company, kind, value } = customerIdentities
  const named = or(...ofKinds(identities).map(([name, values]) => and(eq(kind, name), inArray(value, padded(values)))))
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
    .where(and(eq(company, companyId), inArray(appointmentId, padded(ids))))
    .for('update')
}

async function readCustomers(orm: Orm, companyId: CompanyId, ids: readonly string[]) {
  if (ids.length === 0) return []
  const { companyId: company, customerId } = customers
  return orm
    .select()
    .from(customers)
    .where(and(eq(company, companyId), inArray(customerId, padded(ids))))
    .for('update')
}

function customerRows(companyId: CompanyId, { customers: changed, newIdentities }: BookChanges, now: Date): SqlStatement[] {
  return [
    ...insertCustomers(changed.map((customer) => fromCustomer(companyId, customer, now))),
    ...insertIdentities(newIdentities.map(({ identity, customerId }) => ({ companyId, ...identity, customerId }))),
  ]
}

function appointmentRows(companyId: CompanyId, { appointments: changed }: BookChanges, now: Date): SqlStatement[] {
  return insertAppointments(changed.map((appointment) => fromAppointment(companyId, appointment, now)))
}

function referenceRows(companyId: CompanyId, { references }: BookChanges): SqlStatement[] {
  return insertReferences(references.map(({ reference, appointmentId }) => ({ companyId, ...reference, appointmentId })))
}

/** Merges are rare, and each has to see the one before it. */
async function absorb(orm: Orm, companyId: CompanyId, { absorbed }: BookChanges): Promise<void> {
  for (const { appointmentId, into } of absorbed) {
    await orm
      .update(appointmentReferences)
      .set({ appointmentId: into })
      .where(and(eq(appointmentReferences.companyId, companyId), eq(appointmentReferences.appointmentId, appointmentId)))
    await orm.delete(appointments).where(and(eq(appointments.companyId, companyId), eq(appointments.appointmentId, appointmentId)))
  }
}
