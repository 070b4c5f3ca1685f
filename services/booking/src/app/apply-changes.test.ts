import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Appointment } from '../domain/appointment.ts'
import { type Customer } from '../domain/customer.ts'
import { applyChanges, type ChangeOutcome } from './apply-changes.ts'
import type { AppointmentReference, Book, Change } from './ports.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute))
const keyOf = ({ kind, value }: { kind: string; value: string }) => `${kind} ${value}`

/** A book in memory; the one on MySQL is held against the same guarantees in db/book.int.test.ts. */
function memoryBook() {
  const appointments = new Map<string, Appointment>()
  const references = new Map<string, { reference: AppointmentReference; appointmentId: string }>()
  const customers = new Map<string, Customer>()
  const identities = new Map<string, { identity: { kind: 'email' | 'caller_number'; value: string }; customerId: string }>()
  const book: Book = {
    open: async (wanted, people) => {
      const found = wanted.flatMap((reference) => references.get(keyOf(reference)) ?? [])
      const known = people.flatMap((identity) => identities.get(keyOf(identity)) ?? [])
      return {
        references: found,
        appointments: [...new Set(found.map(({ appointmentId }) => appointmentId))].flatMap((id) => appointments.get(id) ?? []),
        identities: known,
        customers: [...new Set(known.map(({ customerId }) => customerId))].flatMap((id) => customers.get(id) ?? []),
      }
    },
    save: async (changes) => {
      for (const appointment of changes.appointments) appointments.set(appointment.id, appointment)
      for (const { appointmentId, into } of changes.absorbed) {
        for (const entry of references.values()) if (entry.appointmentId === appointmentId) entry.appointmentId = into
        appointments.delete(appointmentId)
      }
      for (const entry of changes.references) references.set(keyOf(entry.reference), { ...entry })
      for (const customer of changes.customers) customers.set(customer.id, customer)
      for (const entry of changes.newIdentities) identities.set(keyOf(entry.identity), entry)
    },
  }
  let made = 0
  const newId = (prefix: string) => `${prefix}_${(made += 1)}`
  const apply = applyChanges({ book, newAppointmentId: () => newId('apt'), newCustomerId: () => newId('cust') })
  return { apply, appointments, references, customers }
}

function booking(uid: string, minute: number, overrides: Partial<Change> = {}): Change {
  return {
    origin: 'calendar_booking',
    originId: uid,
    title: 'Cut',
    state: { status: 'confirmed', startsAt: at(minute), endsAt: at(minute + 30) },
    order: { occurredAt: at(minute), sequence: minute, rank: 0, revision: 1 },
    references: [{ kind: 'calendar_booking', value: uid }],
    contact: { identity: { kind: 'email', value: 'g@x' }, name: 'G', email: 'g@x', phoneNumber: '', at: at(minute) },
    ...overrides,
  }
}

/** A, moved to B, moved to C, by uids alone: no series holds them together. */
const chain = [
  booking('A', 0),
  booking('B', 1, { references: ['B', 'A'].map((value) => ({ kind: 'calendar_booking', value })) }),
  booking('C', 2, { references: ['C', 'B'].map((value) => ({ kind: 'calendar_booking', value })) }),
]

const told = (outcomes: readonly ChangeOutcome[]) =>
  outcomes.map(({ customer, appointments }) => [customer?.type, ...appointments.map(({ type }) => type)])

test('a booking and its reschedules are one appointment of one customer', async () => {
  const { apply, appointments, customers } = memoryBook()
  expect(told(await apply(chain))).toEqual([
    ['created', 'confirmed'],
    [undefined, 'rescheduled'],
    [undefined, 'rescheduled'],
  ])
  expect([...appointments.values()]).toMatchObject([{ originId: 'C', version: 3 }])
  expect(customers.size).toBe(1)
})

test('links that arrive last merge what looked like two', async () => {
  const { apply, appointments, references } = memoryBook()
  const [a, b, c] = chain as [Change, Change, Change]
  await apply([c])
  await apply([a])
  expect(appointments.size).toBe(2)
  expect(told(await apply([b]))).toEqual([[undefined, 'cancelled']])
  expect([...appointments.values()]).toMatchObject([{ originId: 'C' }])
  expect(new Set([...references.values()].map(({ appointmentId }) => appointmentId)).size).toBe(1)
})

test('every order, split and repetition of a life ends in one appointment in its last state', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([0, 1, 2, 0, 1, 2], { minLength: 6 }),
      fc.integer({ min: 1, max: 6 }),
      async (arrival, batchSize) => {
        const { apply, appointments } = memoryBook()
        const changes = arrival.map((index) => chain[index] as Change)
        for (let from = 0; from < changes.length; from += batchSize) await apply(changes.slice(from, from + batchSize))
        expect([...appointments.values()]).toMatchObject([{ originId: 'C', state: { status: 'confirmed', startsAt: at(2) } }])
      },
    ),
  )
})

test('nothing is written for what changes nothing', async () => {
  const { apply } = memoryBook()
  await apply([booking('A', 0)])
  const outcomes = await apply([booking('A', 0)])
  expect(outcomes).toEqual([{ customer: undefined, appointments: [] }])
})
