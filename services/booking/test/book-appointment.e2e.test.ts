import { randomBytes } from 'node:crypto'
import { type CompanyId } from '@frontdesk/contracts'
import { companyEvent } from '@frontdesk/outbox/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, newCompany, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const hourMs = 3_600_000
const startsAt = new Date(Math.ceil(Date.now() / hourMs) * hourMs + 24 * hourMs)
const key = () => randomBytes(32).toString('hex')
const request = (companyId: CompanyId, overrides: object = {}) => ({
  companyId,
  idempotencyKey: key(),
  callId: 'call-1',
  callerNumber: '+4930111111',
  customerName: 'Ada',
  title: 'Cut',
  startsAt,
  durationMinutes: 30,
  ...overrides,
})
const appointmentsOf = async (companyId: CompanyId) => (await harness.booking.listAppointments({ companyId })).appointments
const refusal = (reason: string) => ({ outcome: { $case: 'refused', value: `BOOKING_REFUSAL_${reason}` } })

async function told(companyId: CompanyId): Promise<string[]> {
  const connection = await createConnection(harness.mysqlUrl)
  const [rows] = await connection.query<RowDataPacket[]>('SELECT event_type AS type FROM outbox WHERE company_id = ? ORDER BY id', [
    companyId,
  ])
  await connection.end()
  return rows.map(({ type }) => String(type))
}

test('known bug 11: a tool call that comes three times books once, concurrently and at two replicas', async () => {
  const replica = await harness.startReplica()
  const companyId = newCompany()
  const wanted = request(companyId)
  const first = await Promise.all([
    harness.booking.bookAppointment(wanted),
    replica.bookAppointment(wanted),
    harness.booking.bookAppointment(wanted),
  ])
  const answers = [...first, await replica.bookAppointment(wanted)]
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject({ outcome: { $case: 'booked', value: { title: 'Cut', startsAt } } })
  expect(await appointmentsOf(companyId)).toMatchObject([{ status: 'APPOINTMENT_STATUS_CONFIRMED', originId: 'call-1', version: 1 }])
  expect(await told(companyId)).toEqual(['frontdesk.customer.created.v1', 'frontdesk.appointment.confirmed.v1'])
})

test('of many who want one time at once one gets it, and another company’s calendar is its own', async () => {
  const [companyId, other] = [newCompany(), newCompany()]
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      harness.booking.bookAppointment(request(companyId, { callId: `call-${index}`, callerNumber: `+49301110${10 + index}` })),
    ),
  )
  expect(answers.filter(({ outcome }) => outcome?.$case === 'booked')).toHaveLength(1)
  expect(answers.filter(({ outcome }) => outcome?.$case === 'refused')).toEqual(Array.from({ length: 11 }, () => refusal('TAKEN')))
  expect(await appointmentsOf(companyId)).toHaveLength(1)
  expect(await harness.booking.bookAppointment(request(other))).toMatchObject({ outcome: { $case: 'booked' } })
})

test('a caller who asks again does not collide with himself, and may book a second one in the same call', async () => {
  const companyId = newCompany()
  const first = await harness.booking.bookAppointment(request(companyId))
  expect(await harness.booking.bookAppointment(request(companyId))).toEqual(first)
  const later = new Date(startsAt.getTime() + hourMs)
  expect(await harness.booking.bookAppointment(request(companyId, { startsAt: later }))).toMatchObject({
    outcome: { $case: 'booked', value: { startsAt: later } },
  })
  expect(await appointmentsOf(companyId)).toHaveLength(2)
})

test('of a withheld number the appointment carries the name, and nobody is known again by it', async () => {
  const companyId = newCompany()
  await harness.booking.bookAppointment(request(companyId, { callerNumber: '' }))
  expect(await appointmentsOf(companyId)).toMatchObject([{ title: 'Cut (Ada)', customerId: '' }])
  expect((await harness.booking.listCustomers({ companyId })).customers).toEqual([])
})

test('the call’s analysis amends what the call booked, and undoes nothing', async () => {
  const companyId = newCompany()
  await harness.booking.bookAppointment(request(companyId))
  const call = { callId: 'call-1', direction: 'CALL_DIRECTION_INBOUND', fromNumber: '+4930111111', toNumber: '+4930222' }
  const wish = { customerName: 'Ada', offering: 'Cut', preferredStartText: 'tomorrow' }
  const source = { occurredAt: new Date(Date.now() + 1_000), receivedAt: new Date(Date.now() + 1_000) }
  await harness.publish(companyEvent(companyId, 'frontdesk.call.analyzed.v1', 'call-1', { source, call, appointmentRequest: wish }))
  expect(await appointmentsOf(companyId)).toMatchObject([{ status: 'APPOINTMENT_STATUS_CONFIRMED', startsAt }])
})

test('what is past, or no request, is refused', async () => {
  const companyId = newCompany()
  expect(await harness.booking.bookAppointment(request(companyId, { startsAt: new Date(0) }))).toEqual(refusal('PAST'))
  for (const wrong of [{ idempotencyKey: 'x' }, { callId: '' }, { durationMinutes: 0 }, { startsAt: undefined }, { callerNumber: '030' }]) {
    await expect(harness.booking.bookAppointment(request(companyId, wrong))).rejects.toMatchObject({ code: 'invalid_argument' })
  }
  expect(await appointmentsOf(companyId)).toEqual([])
})

test('a booked time is free no more', async () => {
  const companyId = newCompany()
  const window = { companyId, startsFrom: startsAt, endsBy: new Date(startsAt.getTime() + 1.5 * hourMs), durationMinutes: 30 }
  expect((await harness.booking.listFreeTimes(window)).startsAt).toHaveLength(3)
  await harness.booking.bookAppointment(request(companyId))
  expect((await harness.booking.listFreeTimes(window)).startsAt[0]).toEqual(new Date(startsAt.getTime() + hourMs / 2))
})
