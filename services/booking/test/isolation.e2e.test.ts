import { BookingServiceDefinition, type CompanyId } from '@frontdesk/contracts'
import { companyEvent } from '@frontdesk/outbox/testing'
import { answersToOwn, probeIsolation } from '@frontdesk/rpc/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookingPayload, type Harness, newCompany, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const tomorrow = (hour: number) => new Date(Math.floor(Date.now() / 86_400_000 + 1) * 86_400_000 + hour * 3_600_000)

async function aCompany(originId: string, digit: string) {
  const companyId = newCompany()
  await harness.publish(companyEvent(companyId, 'frontdesk.calendar_booking.created.v1', originId, bookingPayload(originId, 0, {})))
  const { appointments } = await harness.booking.listAppointments({ companyId, originId })
  const { appointmentId = '', customerId = '' } = appointments[0] ?? {}
  const requests = {
    getAppointment: { companyId, appointmentId },
    listAppointments: { companyId, customerId, originId },
    getCustomer: { companyId, customerId },
    listCustomers: { companyId },
    answerCall: { companyId, callerNumber: '+4930111222' },
    listFreeTimes: { companyId, startsFrom: tomorrow(8), endsBy: tomorrow(18), durationMinutes: 30 },
    bookAppointment: {
      companyId,
      idempotencyKey: digit.repeat(64),
      callId: `call of ${originId}`.replaceAll(' ', '-'),
      callerNumber: '+4930111222',
      customerName: 'Bob',
      title: 'Cut',
      startsAt: tomorrow(12),
      durationMinutes: 30,
    },
  }
  return { companyId, requests, marks: [companyId, appointmentId, customerId] }
}

function client(companies: readonly CompanyId[] | 'all') {
  const issuer = harness.authority.issuer('operator')
  return harness.clients({ issue: (request) => issuer.issue({ ...request, companies: companies === 'all' ? companies : [...companies] }) })
    .booking
}

/** A call's id is its provider's, and a new one a new call: it finds nothing of another company's, and books. */
const chosen = new Set(['bookAppointment.callId'])

test('of booking, what is another company’s reads byte for byte as what does not exist, and the own is answered', async () => {
  const [mine, theirs] = [await aCompany('uid-of-mine', 'a'), await aCompany('uid-of-theirs', 'b')]
  const probes = await probeIsolation({ service: BookingServiceDefinition, client, mine, theirs, ofThePlatform: chosen })
  const compared = probes.filter(({ method, field }) => !chosen.has(`${method}.${field}`))
  for (const { method, field, caller, foreign, missing } of compared) {
    const what = `${caller} ${method} ${field}`
    expect([what, foreign]).toEqual([what, missing])
    expect(['not_found', 'permission_denied', 'answered'], what).toContain(foreign.code)
    for (const mark of theirs.marks) expect(foreign.bytes, what).not.toContain(mark)
  }
  const codes = await answersToOwn({ service: BookingServiceDefinition, client }, mine)
  expect(Object.keys(codes).toSorted()).toEqual(Object.keys(BookingServiceDefinition.methods).toSorted())
  expect(new Set(Object.values(codes))).toEqual(new Set(['answered']))
})
