import { type CompanyId, vouchForCompanyId } from '@frontdesk/contracts'
import { type CompanyEvent, companyEvent } from '@frontdesk/outbox/testing'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookingPayload, type Harness, minutesLater, newCompany, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const sourceAt = (minute: number) => ({ occurredAt: minutesLater(minute), receivedAt: minutesLater(minute) })

function analyzed(company: CompanyId, callId: string, revision = 1) {
  const payload = {
    source: sourceAt(0),
    call: { callId, direction: 'CALL_DIRECTION_INBOUND', fromNumber: '+49301234567', toNumber: '+49307654321' },
    appointmentRequest: { customerName: 'Ada', offering: 'Cut', preferredStart: minutesLater(60), preferredStartText: 'at ten' },
  }
  return companyEvent(company, 'frontdesk.call.analyzed.v1', callId, payload, { revision })
}

/** What takes an event back that came at that minute. */
function withdrawn(taken: CompanyEvent, minute: number, key = 'once') {
  const { id: eventId, type: eventType, subject: entityId, companyId } = taken.envelope
  const payload = { eventId, beforeRevision: 2, eventType, source: { ...sourceAt(minute), entityId } }
  return companyEvent(vouchForCompanyId(companyId ?? ''), 'frontdesk.event.withdrawn.v1', `${entityId}.${key}`, payload)
}

const appointmentsOf = async (companyId: CompanyId) => (await harness.booking.listAppointments({ companyId })).appointments

test('an appointment that a withdrawn call made is cancelled, and others are told', async () => {
  const [company, bystander] = [newCompany(), newCompany()]
  await harness.publish(analyzed(company, 'call-1'), analyzed(bystander, 'call-1'))
  await harness.publish(withdrawn(analyzed(company, 'call-1'), 0))
  expect(await appointmentsOf(company)).toMatchObject([
    { status: 'APPOINTMENT_STATUS_CANCELLED', cancellationReason: expect.stringContaining('not this company’s') as string, version: 2 },
  ])
  expect(await appointmentsOf(bystander)).toMatchObject([{ status: 'APPOINTMENT_STATUS_REQUESTED', version: 1 }])
  expect((await harness.booking.listAppointments({ companyId: company, flagged: true })).appointments).toEqual([])
  // Of what is taken back already nothing is left to be taken.
  await harness.publish(withdrawn(analyzed(company, 'call-1'), 0, 'again'))
  expect(await appointmentsOf(company)).toMatchObject([{ status: 'APPOINTMENT_STATUS_CANCELLED', version: 2 }])
})

test('given back to the company by a later revision, the appointment is there again', async () => {
  const company = newCompany()
  await harness.publish(analyzed(company, 'call-2'))
  await harness.publish(withdrawn(analyzed(company, 'call-2'), 0))
  await harness.publish(analyzed(company, 'call-2', 3))
  expect(await appointmentsOf(company)).toMatchObject([{ status: 'APPOINTMENT_STATUS_REQUESTED', version: 3 }])
})

test('what was booked in the call itself is flagged, and stays', async () => {
  const company = newCompany()
  await harness.booking.bookAppointment({
    companyId: company,
    idempotencyKey: 'cd'.repeat(32),
    callId: 'call-3',
    callerNumber: '+49301234567',
    customerName: 'Ada',
    title: 'Cut',
    startsAt: new Date(Date.now() + 86_400_000),
    durationMinutes: 30,
  })
  await harness.publish(analyzed(company, 'call-3'))
  await harness.publish(withdrawn(analyzed(company, 'call-3'), 0))
  const flagged = await harness.booking.listAppointments({ companyId: company, flagged: true })
  expect(flagged.appointments).toMatchObject([{ status: 'APPOINTMENT_STATUS_CONFIRMED', flaggedAt: expect.any(Date) as Date }])
})

test('a booking that was moved since is flagged until the move is withdrawn too', async () => {
  const company = newCompany()
  const created = companyEvent(company, 'frontdesk.calendar_booking.created.v1', 'A', bookingPayload('A', 0))
  const moved = companyEvent(company, 'frontdesk.calendar_booking.rescheduled.v1', 'B', { ...bookingPayload('B', 5), previousUid: 'A' })
  await harness.publish(created)
  await harness.publish(moved)
  await harness.publish(withdrawn(created, 0))
  expect(await appointmentsOf(company)).toMatchObject([{ status: 'APPOINTMENT_STATUS_CONFIRMED', flaggedAt: expect.any(Date) as Date }])
  await harness.publish(withdrawn(moved, 5))
  expect(await appointmentsOf(company)).toMatchObject([{ status: 'APPOINTMENT_STATUS_CANCELLED', flaggedAt: undefined }])
})

test('an event that comes after its own withdrawal makes nothing', async () => {
  const [company, bystander] = [newCompany(), newCompany()]
  const late = analyzed(company, 'call-4')
  const handled = async () => (await harness.operations.getConservation({})).counts['handled'] ?? 0n
  const before = await handled()
  await harness.bus.publish([withdrawn(late, 0)])
  // Itself, and the revision that it keeps out.
  await eventually(async () => expect(await handled()).toBe(before + 2n))
  await harness.bus.publish([late, analyzed(bystander, 'call-4')])
  await eventually(async () => expect(await appointmentsOf(bystander)).toHaveLength(1))
  expect(await appointmentsOf(company)).toEqual([])
  await harness.bus.publish([analyzed(company, 'call-4', 2)])
  await eventually(async () => expect(await appointmentsOf(company)).toMatchObject([{ status: 'APPOINTMENT_STATUS_REQUESTED' }]))
})
