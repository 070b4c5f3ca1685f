import type { CompanyId } from '@frontdesk/contracts'
import { companyEvent } from '@frontdesk/outbox/testing'
import { eventually } from '@frontdesk/testing'
import { createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Harness, newCompany, occurredAt, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterEach(() => harness.billing.answer())
afterAll(() => harness[Symbol.asyncDispose]())

const callerNumber = '+4930111111'
const startsAt = new Date(Math.ceil(Date.now() / 60_000) * 60_000 + 3_600_000)
const ofStranger = { accepted: true, refusal: 'CALL_REFUSAL_UNSPECIFIED', customerName: '', nextAppointment: undefined }
const refuse = (reason: 'NO_SUBSCRIPTION' | 'SUBSCRIPTION_INACTIVE' | 'UNSPECIFIED') => async () =>
  ({ allowed: false, reason: `ENTITLEMENT_REASON_${reason}` }) as const
const answer = (companyId: CompanyId, number = callerNumber) => harness.booking.answerCall({ companyId, callerNumber: number })

/** Somebody who called before and has an appointment in an hour. */
async function aCustomer(companyId: CompanyId, name: string): Promise<void> {
  const call = { callId: `call-of-${name}`, direction: 'CALL_DIRECTION_INBOUND', fromNumber: callerNumber, toNumber: '+4930222222' }
  const payload = { source: { occurredAt }, call, appointmentRequest: { customerName: name, offering: 'Cut' } }
  await harness.publish(companyEvent(companyId, 'frontdesk.call.analyzed.v1', call.callId, payload))
  const connection = await createConnection({ uri: harness.mysqlUrl, timezone: 'Z' })
  const confirm = "UPDATE appointments SET status = 'confirmed', starts_at = ?, ends_at = ? WHERE company_id = ?"
  await connection.execute(confirm, [startsAt, new Date(startsAt.getTime() + 1_800_000), companyId])
  await connection.end()
}

test('a known caller’s name and next appointment are told to the company that he calls, and to no other', async () => {
  const [a, b] = [newCompany(), newCompany()]
  await aCustomer(a, 'Ada')
  expect(await answer(a)).toMatchObject({ accepted: true, customerName: 'Ada', nextAppointment: { title: 'Cut', startsAt } })
  for (const other of [answer(b), answer(a, '+4930333333'), answer(a, '')]) expect(await other).toEqual(ofStranger)
})

test('billing is asked by us for the company’s voice, with a token for that company alone', async () => {
  const companyId = newCompany()
  await answer(companyId)
  expect(harness.billing.asked.at(-1)).toEqual({
    caller: 'booking',
    companies: [companyId],
    request: { companyId, feature: 'FEATURE_VOICE' },
  })
})

test.each(['NO_SUBSCRIPTION', 'SUBSCRIPTION_INACTIVE', 'UNSPECIFIED'] as const)(
  'a company that may not use voice (%s) takes no call and learns nothing of the caller',
  async (reason) => {
    const companyId = newCompany()
    await aCustomer(companyId, reason)
    harness.billing.answer(refuse(reason))
    expect(await answer(companyId)).toEqual({ ...ofStranger, accepted: false, refusal: `CALL_REFUSAL_${reason}` })
  },
)

test('a number that is none is refused, whatever it holds', async () => {
  const companyId = newCompany()
  for (const number of ['030 111', '+0123456789', '+49301', '+4930111111\n', "+49' or 1=1", '+'.repeat(5_000)]) {
    await expect(answer(companyId, number)).rejects.toMatchObject({
      code: 'invalid_argument',
      publicMessage: expect.stringMatching(/^caller_number/) as unknown,
    })
  }
})

test('a call is taken when billing fails, and soon when it is frozen; that is counted, and billing is asked again later', async () => {
  const companyId = newCompany()
  await aCustomer(companyId, 'Bob')
  harness.billing.answer(() => Promise.reject(new Error('out of memory')))
  expect(await answer(companyId)).toMatchObject({ accepted: true, customerName: 'Bob' })

  harness.billing.answer(() => new Promise(() => undefined))
  const tookMs: number[] = []
  for (let times = 0; times < 7; times += 1) {
    const begunAt = performance.now()
    // One after the other, so that each finds what the one before left.
    expect(await answer(companyId)).toMatchObject({ accepted: true, customerName: 'Bob' })
    tookMs.push(performance.now() - begunAt)
  }
  expect(Math.max(...tookMs)).toBeLessThan(1_000)
  // By then the breaker is open, and nobody waits for billing any more.
  expect(tookMs.at(-1)).toBeLessThan(300)
  const metrics = await (await fetch(`${harness.service.adminUrl}/metrics`)).text()
  expect(metrics).toContain('frontdesk_entitlements_unchecked_total{feature="voice"} 8')

  harness.billing.answer(refuse('NO_SUBSCRIPTION'))
  await eventually(async () => expect(await answer(companyId)).toMatchObject({ accepted: false }))
})
