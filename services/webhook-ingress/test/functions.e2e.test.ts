import {
  type BookAppointmentRequest,
  newId,
  type ResolveCompanyRequest,
  type ResolveCompanyResponse,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { retellFunctionCall, signRetell } from '@frontdesk/providers/testing'
import { Retell } from 'retell-sdk'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Harness, post as postTo, retellApiKey, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
beforeEach(() => harness.attribution.answer(byNumber))
afterEach(() => {
  harness.attribution.answer()
  harness.booking.book()
})
afterAll(() => harness[Symbol.asyncDispose]())

const path = (name: string) => `/v1/retell/functions/${name}`
const [companyA, companyB] = [vouchForCompanyId(newId('cmp')), vouchForCompanyId(newId('cmp'))]
const numbers: Readonly<Record<string, typeof companyA>> = { '+4930100001': companyA, '+4930100002': companyB }
const startsAt = new Date('2026-11-24T09:00:00Z')
const frozen = () => new Promise<never>(() => undefined)
const signed = (body: Buffer | string, key = retellApiKey, atMs = Date.now()) => ({
  'x-retell-signature': signRetell(Buffer.from(body), key, atMs),
})
const post = (name: string, body: Buffer | string) => harness.post(path(name), body, signed(body))
const booking = (overrides: { args?: object; call?: object } = {}) =>
  retellFunctionCall('book_appointment', { ...overrides, call: { to_number: '+4930100001', ...overrides.call } } as never).body

const byNumber = async ({ evidence }: ResolveCompanyRequest): Promise<ResolveCompanyResponse> => {
  const companyId = evidence.map(({ value }) => numbers[value]).find(Boolean)
  if (!companyId)
    return { decision: { $case: 'unresolved', value: { reason: 'QUARANTINE_REASON_NO_MATCH', details: [], discard: undefined } } }
  return { decision: { $case: 'resolved', value: { companyId, confidence: 0.99, name: 'Salon', timeZone: 'Europe/Berlin' } } }
}

/** Books each key once, as booking does. */
function openBook() {
  const made = new Map<string, string>()
  harness.booking.book(async ({ idempotencyKey, title, startsAt: at }: BookAppointmentRequest) => {
    const appointmentId = made.get(idempotencyKey) ?? newId('apt')
    made.set(idempotencyKey, appointmentId)
    return { outcome: { $case: 'booked', value: { appointmentId, title, startsAt: at } } }
  })
  return made
}

test('what Retell’s own SDK signed is booked for the company of the signed call, and with its token alone', async () => {
  openBook()
  const body = booking({ args: { company_id: companyB, to_number: '+4930100002', caller_number: '+4930666' } })
  const answer = await harness.post(path('book_appointment'), body, {
    'x-retell-signature': await Retell.sign(body.toString(), retellApiKey),
  })
  expect(answer).toMatchObject({
    status: 200,
    json: {
      status: 'booked',
      say: 'You are booked: Haircut, Tuesday, 24 November 2026 at 10:00.',
      appointment_id: expect.stringMatching(/^apt_/) as unknown,
    },
  })
  expect(harness.booking.wanted.at(-1)).toMatchObject({
    companies: [companyA],
    request: { companyId: companyA, callerNumber: '+493012340001', customerName: 'Jana Beispiel', startsAt, durationMinutes: 45 },
  })
})

test('known bug 11: a tool call that comes three times books once', async () => {
  const made = openBook()
  await using replica = await harness.startReplica()
  for (const id of ['tool_1', undefined]) {
    made.clear()
    const args = { start: '2026-11-24T10:00', duration_minutes: 45, offering: 'Haircut', customer_name: 'Jana' }
    const turn = { role: 'tool_call_invocation', tool_call_id: id, name: 'book_appointment', arguments: JSON.stringify(args) }
    const body = booking({ call: { transcript_with_tool_calls: id ? [turn] : [] }, args })
    const answers = [
      ...(await Promise.all([post('book_appointment', body), postTo(`${replica.url}${path('book_appointment')}`, body, signed(body))])),
      await post('book_appointment', body),
    ]
    for (const { status, json } of answers) expect({ status, json }).toEqual({ status: 200, json: answers[0]?.json })
    expect(answers[0]?.json).toMatchObject({ status: 'booked' })
    expect(made.size).toBe(1)
  }
})

test('free times are by the company’s clock', async () => {
  const { body } = retellFunctionCall('check_availability', { call: { to_number: '+4930100001' }, args: { from: '09:30' } })
  const { status, json } = await post('check_availability', body)
  expect({ status, json }).toMatchObject({
    status: 200,
    json: { status: 'free', free_times: ['2026-11-24T08:30:00.000Z'], say: expect.stringContaining('at 09:30') as unknown },
  })
})

test('a call that is nobody’s is refused politely, and nothing is booked', async () => {
  openBook()
  const before = harness.booking.wanted.length
  const { body } = retellFunctionCall('book_appointment', {
    call: { to_number: '+4930999' },
    args: { to_number: '+4930100001', company_id: companyA },
  })
  expect(await post('book_appointment', body)).toMatchObject({ status: 200, json: { status: 'refused' } })
  expect(harness.booking.wanted).toHaveLength(before)
})

test('without a good signature nobody is asked, and a body signed for one function is none for another', async () => {
  const before = harness.attribution.asked.length
  const body = booking()
  const refused: [Record<string, string>, number, string][] = [
    [{}, 401, 'signature_missing'],
    [signed(body, 'another key'), 401, 'signature_invalid'],
    [signed(body, retellApiKey, Date.now() - 301_000), 401, 'timestamp_out_of_tolerance'],
  ]
  for (const [headers, status, code] of refused) {
    expect(await harness.post(path('book_appointment'), body, headers)).toMatchObject({ status, json: { code } })
  }
  expect(await post('check_availability', body)).toMatchObject({ status: 400, json: { code: 'invalid_argument' } })
  expect(await post('drop_tables', body)).toMatchObject({ status: 404, json: { code: 'not_found' } })
  const bare = retellFunctionCall('book_appointment', { call: undefined }).body
  expect(await post('book_appointment', bare)).toMatchObject({ status: 400, json: { code: 'invalid_argument' } })
  const got = await fetch(`${harness.ingress.url}${path('book_appointment')}`, { headers: signed('') })
  expect([404, 405]).toContain(got.status)
  expect(harness.attribution.asked).toHaveLength(before)
})

test('hostile arguments are answered with what the agent can say, within what it may hear', async () => {
  const before = harness.booking.wanted.length
  const hostile: object[] = [
    { start: 'tomorrow' },
    { start: ['2026-11-24T10:00'] },
    { start: "2026-11-24T10:00' OR 1=1" },
    { duration_minutes: -1 },
    { duration_minutes: 1e300 },
    { customer_name: 'x'.repeat(100_000) },
    { offering: { toString: 'x' } },
  ]
  for (const args of hostile) {
    const { status, json } = await post('book_appointment', booking({ args }))
    expect({ status, json }).toMatchObject({
      status: 200,
      json: { status: 'invalid_arguments', say: expect.stringContaining('once more') as unknown },
    })
    expect(JSON.stringify(json).length).toBeLessThan(15_000)
  }
  expect(harness.booking.wanted).toHaveLength(before)
})

test.each<[string, () => void, string]>([
  ['a frozen booking', () => harness.booking.book(frozen), 'deadline_exceeded'],
  ['a booking that fails', () => harness.booking.book(() => Promise.reject(new Error('no database'))), 'internal'],
  ['a frozen resolver', () => harness.attribution.answer(frozen), 'deadline_exceeded'],
])('with %s the caller hears within 2 s that it is being confirmed, never that it failed', async (_, prepare, outcome) => {
  prepare()
  const begunAt = performance.now()
  expect(await post('book_appointment', booking())).toMatchObject({ status: 200, json: { status: 'unconfirmed' } })
  expect(performance.now() - begunAt).toBeLessThan(2_000)
  const metrics = await (await fetch(`${harness.ingress.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(new RegExp(`frontdesk_function_calls_total\\{function="book_appointment",outcome="${outcome}"\\} [1-9]`))
})
