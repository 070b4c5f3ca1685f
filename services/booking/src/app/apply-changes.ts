import {
  type Appointment,
  type AppointmentEvent,
  changeAppointment,
  type Decision,
  mergeAppointments,
  openAppointment,
} from '../domain/appointment.ts'
import { type Contact, type Customer, newCustomer, updateCustomer } from '../domain/customer.ts'
import type { AppointmentReference, Book, BookPage, Change } from './ports.ts'

/** What happened to customers, as other services are told. */
export interface CustomerEvent {
  readonly type: 'created' | 'updated'
  readonly customer: Customer
}

/** What one change led to, in the order in which it happened. */
export interface ChangeOutcome {
  readonly customer: CustomerEvent | undefined
  readonly appointments: readonly AppointmentEvent[]
}

export interface ApplyChangesDependencies {
  readonly book: Book
  readonly newAppointmentId: () => string
  readonly newCustomerId: () => string
}

/** Applies one company's changes in their order, with one read and one write for all; one outcome for each. */
export function applyChanges(deps: ApplyChangesDependencies): (changes: readonly Change[]) => Promise<ChangeOutcome[]> {
  return async (changes) => {
    const page = await deps.book.open(
      changes.flatMap((change) => change.references),
      changes.flatMap((change) => (change.contact ? [change.contact.identity] : [])),
    )
    const session = openSession(deps, page)
    const outcomes = changes.map((change) => session.apply(change))
    await deps.book.save(session.changes())
    return outcomes
  }
}

const keyOf = ({ kind, value }: { kind: string; value: string }) => `${kind} ${value}`

function openSession(deps: ApplyChangesDependencies, page: BookPage) {
  const appointments = new Map(page.appointments.map((appointment) => [appointment.id, appointment]))
  const references = new Map(page.references.map(({ reference, appointmentId }) => [keyOf(reference), appointmentId]))
  const customers = new Map(page.customers.map((customer) => [customer.id, customer]))
  const identities = new Map(page.identities.map(({ identity, customerId }) => [keyOf(identity), customerId]))

  const changedAppointments = new Set<string>()
  const changedCustomers = new Set<string>()
  const absorbed: { appointmentId: string; into: string }[] = []
  const newReferences = new Map<string, AppointmentReference>()
  const newIdentities = new Map<string, Contact['identity']>()

  function keepCustomer(contact: Contact): { id: string; event: CustomerEvent | undefined } {
    const key = keyOf(contact.identity)
    const known = customers.get(identities.get(key) ?? '')
    const { customer, event } = known ? updateCustomer(known, contact) : newCustomer(deps.newCustomerId(), contact)
    if (!known) {
      identities.set(key, customer.id)
      newIdentities.set(key, contact.identity)
    }
    if (customer.contactAt !== known?.contactAt || event) changedCustomers.add(customer.id)
    customers.set(customer.id, customer)
    return { id: customer.id, event: event && { type: event, customer } }
  }

  /** The appointments that the change's names lead to are one; more than one only where a link arrived late. */
  function findAndMerge(change: Change): { current: Appointment | undefined; events: AppointmentEvent[] } {
    const found = new Set<string>()
    for (const reference of change.references) {
      const id = references.get(keyOf(reference))
      if (id !== undefined) found.add(id)
    }
    const events: AppointmentEvent[] = []
    let current: Appointment | undefined
    for (const id of found) {
      const next = appointments.get(id)
      if (!next) continue
      if (!current) {
        current = next
        continue
      }
      const merge = mergeAppointments(current, next)
      events.push(merge.event)
      absorb(merge.absorbed.id, merge.kept.id)
      current = merge.kept
      appointments.set(current.id, current)
      changedAppointments.add(current.id)
    }
    return { current, events }
  }

  function absorb(absorbedId: string, keptId: string): void {
    appointments.delete(absorbedId)
    changedAppointments.delete(absorbedId)
    absorbed.push({ appointmentId: absorbedId, into: keptId })
    for (const [key, id] of references) if (id === absorbedId) references.set(key, keptId)
  }

  function nameAll(change: Change, appointmentId: string): void {
    for (const reference of change.references) {
      const key = keyOf(reference)
      if (references.get(key) === appointmentId) continue
      references.set(key, appointmentId)
      newReferences.set(key, reference)
    }
  }

  function apply(change: Change): ChangeOutcome {
    const customer = change.contact && keepCustomer(change.contact)
    const { current, events } = findAndMerge(change)
    const { origin, originId, title, state, order } = change
    const plain = { origin, originId, title, state, order }
    const decision: Decision = current
      ? changeAppointment(current, customer?.id, plain)
      : openAppointment(deps.newAppointmentId(), customer?.id, plain)
    const { appointment, event } = decision
    if (appointment !== current) changedAppointments.add(appointment.id)
    appointments.set(appointment.id, appointment)
    nameAll(change, appointment.id)
    return { customer: customer?.event, appointments: event ? [...events, event] : events }
  }

  return {
    apply,
    changes: () => ({
      appointments: [...changedAppointments].flatMap((id) => appointments.get(id) ?? []),
      // One that was made and absorbed within this batch never reached the database, and deleting it deletes nothing.
      absorbed,
      references: [...newReferences].map(([key, reference]) => ({ reference, appointmentId: references.get(key) ?? '' })),
      customers: [...changedCustomers].flatMap((id) => customers.get(id) ?? []),
      newIdentities: [...newIdentities].map(([key, identity]) => ({ identity, customerId: identities.get(key) ?? '' })),
    }),
  }
}
