import { newId } from '@frontdesk/contracts'
import { companyEvent } from '@frontdesk/outbox/testing'
import { refusedTokens } from '@frontdesk/rpc/testing'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookingPayload, type Harness, minutesLater, newCompany, occurredAt, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const created = (company: ReturnType<typeof newCompany>, uid: string, minute = 0, overrides: object = {}) =>
  companyEvent(company, 'frontdesk.calendar_booking.created.v1', uid, bookingPayload(uid, minute, overrides))

async function outbox(companyId: string): Promise<string[]> {
  const connection = await createConnection(harness.mysqlUrl)
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT event_type AS type FROM outbox WHERE company_id = ? ORDER BY id', [
      companyId,
    ])
    return rows.map(({ type }) => String(type))
  } finally {
    await connection.end()
  }
}

test('a booking becomes a confirmed appointment of a new customer, and both are told', async () => {
  const company = newCompany()
  await harness.publish(created(company, 'uid-1'))
  const { appointments } = await harness.booking.listAppointments({ companyId: company, originId: 'uid-1' })
  expect(appointments).toMatchObject([
    {
      companyId: company,
      status: 'APPOINTMENT_STATUS_CONFIRMED',
      origin: 'APPOINTMENT_ORIGIN_CALENDAR_BOOKING',
      title: 'Cut',
      startsAt: minutesLater(60),
      version: 1,
    },
  ])
  const customerId = appointments[0]?.customerId ?? ''
  expect((await harness.booking.getCustomer({ companyId: company, customerId })).customer).toMatchObject({
    name: 'Ada',
    email: 'ada@example.com',
  })
  expect(await outbox(company)).toEqual(['frontdesk.customer.created.v1', 'frontdesk.appointment.confirmed.v1'])
})

test('a life that arrives backwards, doubled and without a series ends in one cancelled appointment', async () => {
  const company = newCompany()
  const moved = companyEvent(company, 'frontdesk.calendar_booking.rescheduled.v1', 'B', { ...bookingPayload('B', 1), previousUid: 'A' })
  const cancelled = companyEvent(company, 'frontdesk.calendar_booking.cancelled.v1', 'B', { ...bookingPayload('B', 2), reason: 'ill' })
  await harness.publish(cancelled)
  await harness.publish(created(company, 'A'))
  await harness.publish(moved)
  const { appointments } = await harness.booking.listAppointments({ companyId: company })
  expect(appointments).toMatchObject([{ originId: 'B', status: 'APPOINTMENT_STATUS_CANCELLED', cancellationReason: 'ill' }])
  expect((await harness.booking.listAppointments({ companyId: company, originId: 'A' })).appointments).toEqual(appointments)
})

test('a call that asks for an appointment makes a requested one, and one that does not makes none', async () => {
  const company = newCompany()
  const analyzed = (callId: string, appointmentRequest?: object) =>
    companyEvent(company, 'frontdesk.call.analyzed.v1', callId, {
      source: { occurredAt },
      call: { callId, direction: 'CALL_DIRECTION_INBOUND', fromNumber: '+4930111', toNumber: '+4930222' },
      ...(appointmentRequest && { appointmentRequest }),
    })
  await harness.publish(analyzed('call-1', { customerName: 'Bob', offering: 'Cut', preferredStartText: 'some day' }), analyzed('call-2'))
  const { appointments } = await harness.booking.listAppointments({ companyId: company })
  expect(appointments).toMatchObject([{ originId: 'call-1', status: 'APPOINTMENT_STATUS_REQUESTED', startsAt: undefined }])
  expect((await harness.booking.listCustomers({ companyId: company })).customers).toMatchObject([{ name: 'Bob', phoneNumber: '+4930111' }])
  expect(await outbox(company)).toEqual(['frontdesk.customer.created.v1', 'frontdesk.appointment.requested.v1'])
})

test('the same uid and guest at two companies are two appointments of two customers', async () => {
  const [a, b] = [newCompany(), newCompany()]
  await harness.publish(created(a, 'shared'), created(b, 'shared'))
  const [ofA, ofB] = await Promise.all([a, b].map((companyId) => harness.booking.listAppointments({ companyId })))
  expect(ofA?.appointments).toHaveLength(1)
  expect(ofB?.appointments).toHaveLength(1)
  expect(ofA?.appointments[0]?.customerId).not.toBe(ofB?.appointments[0]?.customerId)
})

test('a batch of many companies and guests is taken whole, texts longer than their columns included', async () => {
  const companies = Array.from({ length: 10 }, newCompany)
  const long = 'é'.repeat(2_000)
  await harness.publish(
    ...companies.flatMap((company) =>
      Array.from({ length: 20 }, (_, index) =>
        created(company, `uid-${index}`, index, { title: long, attendees: [{ name: long, email: `guest-${index % 4}@example.com` }] }),
      ),
    ),
  )
  for (const companyId of companies) {
    expect((await harness.booking.listAppointments({ companyId })).appointments).toHaveLength(20)
    expect((await harness.booking.listCustomers({ companyId })).customers).toHaveLength(4)
  }
})

test('pages go by start with those without a time first, and filters hold', async () => {
  const company = newCompany()
  const request = (callId: string) =>
    companyEvent(company, 'frontdesk.call.analyzed.v1', callId, {
      source: { occurredAt },
      call: { callId },
      appointmentRequest: { offering: 'x' },
    })
  await harness.publish(request('c1'), request('c2'), ...[3, 1, 2].map((minute) => created(company, `uid-${minute}`, minute)))
  const seen: string[] = []
  let pageToken = ''
  do {
    const page = await harness.booking.listAppointments({ companyId: company, pageSize: 2, pageToken })
    seen.push(...page.appointments.map(({ originId }) => originId))
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  expect(seen.slice(0, 2).toSorted()).toEqual(['c1', 'c2'])
  expect(seen.slice(2)).toEqual(['uid-1', 'uid-2', 'uid-3'])

  const confirmed = await harness.booking.listAppointments({ companyId: company, status: 'APPOINTMENT_STATUS_CONFIRMED' })
  expect(confirmed.appointments).toHaveLength(3)
  const customerId = confirmed.appointments[0]?.customerId ?? ''
  expect((await harness.booking.listAppointments({ companyId: company, customerId })).appointments).toHaveLength(3)

  const first = await harness.booking.listCustomers({ companyId: company, pageSize: 1 })
  expect(await harness.booking.listCustomers({ companyId: company, pageSize: 1, pageToken: first.nextPageToken })).toEqual({
    customers: [],
    nextPageToken: '',
  })
})

test('another company’s id and an unknown one look the same', async () => {
  const [a, b] = [newCompany(), newCompany()]
  await harness.publish(created(a, 'uid-of-a'))
  const [appointment] = (await harness.booking.listAppointments({ companyId: a })).appointments
  const ask = (appointmentId: string, customerId: string) =>
    Promise.allSettled([
      harness.booking.getAppointment({ companyId: b, appointmentId }),
      harness.booking.getCustomer({ companyId: b, customerId }),
    ])
  const foreign = await ask(appointment?.appointmentId ?? '', appointment?.customerId ?? '')
  const unknown = await ask(newId('apt'), newId('cust'))
  const told = (outcomes: PromiseSettledResult<unknown>[]) => outcomes.map((outcome) => String((outcome as PromiseRejectedResult).reason))
  expect(told(foreign)).toEqual(told(unknown))
  expect(foreign).toMatchObject([{ reason: { code: 'not_found' } }, { reason: { code: 'not_found' } }])
  expect((await harness.booking.listAppointments({ companyId: b, originId: 'uid-of-a' })).appointments).toEqual([])
})

test('every method refuses a call without a token, with an expired one, for another audience, or for a company that is not in it', async () => {
  const companyId = newCompany()
  for (const [code, source] of refusedTokens(harness.authority, 'webhook-ingress', newCompany())) {
    const { booking, operations } = harness.clients(source)
    const refused = await Promise.allSettled([
      booking.getAppointment({ companyId }),
      booking.listAppointments({ companyId }),
      booking.getCustomer({ companyId }),
      booking.listCustomers({ companyId }),
      booking.answerCall({ companyId }),
      booking.listFreeTimes({ companyId }),
      booking.bookAppointment({ companyId }),
      operations.getConservation({}),
      operations.listDeadLetters({}),
      operations.redriveDeadLetter({}),
    ])
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
  }
  await expect(harness.booking.listAppointments({ companyId: 'cmp_x' })).rejects.toMatchObject({ code: 'invalid_argument' })
  for (const pageToken of ['x', `999999999999999.${newId('apt')}`, `-1.${newId('apt')}`]) {
    await expect(harness.booking.listAppointments({ companyId, pageToken })).rejects.toMatchObject({ code: 'invalid_argument' })
  }
})

test('what can never be handled becomes a dead letter at once, and takes nobody with it', async () => {
  const company = newCompany()
  const broken = companyEvent(company, 'frontdesk.calendar_booking.created.v1', 'broken', { source: { occurredAt } })
  const notJson = { ...companyEvent(company, 'frontdesk.calendar_booking.created.v1', 'not-json', {}), body: Buffer.from('{') }
  await harness.publish(broken, notJson, created(company, 'fine'))
  const { deadLetters } = await harness.operations.listDeadLetters({})
  expect(deadLetters.map(({ eventId }) => eventId).toSorted()).toEqual([broken.envelope.id, notJson.envelope.id].toSorted())
  expect((await harness.booking.listAppointments({ companyId: company })).appointments).toMatchObject([{ originId: 'fine' }])
  await expect(
    harness.operations.redriveDeadLetter({ handler: 'booking', eventId: broken.envelope.id, revision: 1 }),
  ).rejects.toMatchObject({ code: 'failed_precondition' })
}, 30_000)

test('what nobody can read is kept as a dead letter', async () => {
  const company = newCompany()
  const { body, subject } = created(company, 'unreadable')
  await harness.publishRaw(subject, body, { 'ce-id': 'nonsense' })
  const { deadLetters } = await eventually(async () => {
    const answer = await harness.operations.listDeadLetters({})
    expect(answer.deadLetters.some(({ eventType }) => eventType === 'undecodable')).toBe(true)
    return answer
  })
  expect(deadLetters.find(({ eventType }) => eventType === 'undecodable')?.payload).toBe(Buffer.from(body).toString())
})
