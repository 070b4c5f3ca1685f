import {
  type AnswerCallRequest,
  type CompanyId,
  newId,
  type ResolveCompanyRequest,
  type ResolveCompanyResponse,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { retellInboundWebhook, retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { Retell } from 'retell-sdk'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Harness, retellApiKey, retellApiKeyPrevious, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterEach(() => {
  harness.attribution.answer()
  harness.booking.answer()
})
afterAll(() => harness[Symbol.asyncDispose]())

const path = '/v1/retell/inbound'
const [companyA, companyB] = [vouchForCompanyId(newId('cmp')), vouchForCompanyId(newId('cmp'))]
const numbers: Readonly<Record<string, CompanyId>> = { '+4930100001': companyA, '+4930100002': companyB }
const adasNumber = '+4930777777'
const startsAt = new Date('2026-11-24T09:00:00Z')
const usual = { call_inbound: {} }

const signed = (body: Buffer | string, key = retellApiKey, atMs = Date.now()) => ({
  'x-retell-signature': signRetell(Buffer.from(body), key, atMs),
})
const ring = (to: string, from: string | undefined = adasNumber) =>
  retellInboundWebhook('call_inbound', { call_inbound: { to_number: to, from_number: from } })
const post = (body: Buffer | string) => harness.post(path, body, signed(body))
const frozen = () => new Promise<never>(() => undefined)

/** Two companies by their numbers. */
const byNumber = async ({ evidence }: ResolveCompanyRequest): Promise<ResolveCompanyResponse> => {
  const companyId = evidence.map(({ value }) => numbers[value]).find(Boolean)
  if (!companyId)
    return { decision: { $case: 'unresolved', value: { reason: 'QUARANTINE_REASON_NO_MATCH', details: [], discard: undefined } } }
  const value = { companyId, confidence: 0.99, name: companyId === companyA ? 'Salon A' : 'Salon B', timeZone: 'Europe/Berlin' }
  return { decision: { $case: 'resolved', value } }
}

/** Ada is a customer of A alone. */
const adaOfA = async ({ companyId, callerNumber }: AnswerCallRequest) => {
  const known = companyId === companyA && callerNumber === adasNumber
  const nextAppointment = known ? { appointmentId: newId('apt'), title: 'Cut', startsAt } : undefined
  return { accepted: true, refusal: 'CALL_REFUSAL_UNSPECIFIED', customerName: known ? 'Ada' : '', nextAppointment } as const
}

function open() {
  harness.attribution.answer(byNumber)
  harness.booking.answer(adaOfA)
}

const variablesOf = (json: Record<string, unknown>) =>
  (json.call_inbound as { dynamic_variables: Record<string, string> }).dynamic_variables

test('what Retell’s own SDK signed is answered with the caller’s name, his next appointment and the company', async () => {
  open()
  const { body } = ring('+4930100001')
  const answer = await harness.post(path, body, { 'x-retell-signature': await Retell.sign(body.toString(), retellApiKey) })
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.headers.get('content-type')).toContain('application/json')
  expect(answer.json).toEqual({
    call_inbound: {
      dynamic_variables: {
        greeting: 'Hello Ada, you have reached Salon A. How can I help you?',
        company_name: 'Salon A',
        company_time_zone: 'Europe/Berlin',
        customer_name: 'Ada',
        next_appointment: 'Cut, Tuesday, 24 November 2026 at 10:00',
        next_appointment_at: startsAt.toISOString(),
      },
      metadata: { company_id: companyA },
    },
  })
  expect(harness.attribution.asked.at(-1)).toEqual({
    provider: 'retell',
    evidence: [
      { kind: 'EVIDENCE_KIND_PHONE_NUMBER', value: '+4930100001' },
      { kind: 'EVIDENCE_KIND_VOICE_AGENT', value: 'agent_7b1e90c2' },
    ],
  })
})

test('the previous key answers as well while it is rotated', async () => {
  open()
  const { body } = ring('+4930100001')
  expect(await harness.post(path, body, signed(body, retellApiKeyPrevious))).toMatchObject({ status: 200 })
})

test('a caller of company A is a stranger at company B, and booking is asked with B’s token alone', async () => {
  open()
  const { json } = await post(ring('+4930100002').body)
  expect(JSON.stringify(json)).not.toMatch(/Ada|Cut|Salon A/)
  expect(json).toMatchObject({ call_inbound: { dynamic_variables: { customer_name: '' }, metadata: { company_id: companyB } } })
  expect(harness.booking.asked.at(-1)).toEqual({ companies: [companyB], request: { companyId: companyB, callerNumber: adasNumber } })
})

test('only the signed number says who calls: neither a withheld one nor what else stands in the body does', async () => {
  open()
  const extra = { custom_sip_headers: { from_number: adasNumber }, dynamic_variables: { customer_name: 'Ada' }, call_id: adasNumber }
  for (const from of ['anonymous', '', undefined]) {
    const { body } = retellInboundWebhook('call_inbound', { call_inbound: { ...extra, to_number: '+4930100001', from_number: from } })
    expect(variablesOf((await post(body)).json)).toMatchObject({ customer_name: '', next_appointment: '' })
    expect(harness.booking.asked.at(-1)?.request.callerNumber).toBe('')
  }
})

test('the company in the metadata comes back as evidence in the call’s own events', async () => {
  open()
  const { json } = await post(ring('+4930100001').body)
  const { metadata } = json.call_inbound as { metadata: { company_id: string } }
  const { body } = retellWebhook('call_ended', { call: { call_id: 'call_that_rang', metadata } })
  expect(await harness.post('/v1/webhooks/retell', body, signed(body))).toMatchObject({ status: 200 })
  const connection = await createConnection(harness.mysqlUrl)
  const [rows] = await connection.query<RowDataPacket[]>("SELECT body FROM outbox WHERE entity_id = 'call_that_rang'")
  await connection.end()
  const { source } = JSON.parse(Buffer.from(rows[0]?.body as Buffer).toString()) as { source: { evidence: unknown[] } }
  expect(source.evidence).toContainEqual({ kind: 'EVIDENCE_KIND_METADATA', value: companyA })
})

test('a company that may not use voice rejects the call, and with nothing else', async () => {
  open()
  harness.booking.answer(async () => ({
    accepted: false,
    refusal: 'CALL_REFUSAL_NO_SUBSCRIPTION',
    customerName: 'Ada',
    nextAppointment: undefined,
  }))
  expect((await post(ring('+4930100001').body)).json).toEqual({ call_inbound: { reject: true } })
})

test('a text message is answered with the company alone', async () => {
  open()
  const { body } = retellInboundWebhook('chat_inbound', { chat_inbound: { to_number: '+4930100001', from_number: adasNumber } })
  const before = harness.booking.asked.length
  const { status, json } = await post(body)
  expect({ status, json }).toMatchObject({
    status: 200,
    json: { chat_inbound: { dynamic_variables: { company_name: 'Salon A', customer_name: '' }, metadata: { company_id: companyA } } },
  })
  expect(harness.booking.asked).toHaveLength(before)
})

test('without a good signature nothing is answered and nobody is asked, and a row says why', async () => {
  open()
  const { body } = ring('+4930100001')
  const before = [harness.attribution.asked.length, harness.booking.asked.length]
  const cases: [Record<string, string>, string][] = [
    [{}, 'signature_missing'],
    [{ 'x-retell-signature': 'd=1' }, 'signature_malformed'],
    [signed(body, 'another key'), 'signature_invalid'],
    [signed(ring('+4930100002').body), 'signature_invalid'],
    [signed(body, retellApiKey, Date.now() - 301_000), 'timestamp_out_of_tolerance'],
  ]
  for (const [headers, code] of cases) {
    const answer = await harness.post(path, body, headers)
    expect(answer).toMatchObject({ status: 401, json: { code, status: 401 } })
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  }
  expect([harness.attribution.asked.length, harness.booking.asked.length]).toEqual(before)
  const connection = await createConnection(harness.mysqlUrl)
  try {
    await eventually(async () => {
      const [rows] = await connection.query<RowDataPacket[]>('SELECT DISTINCT code FROM refusals')
      expect(rows.map(({ code }) => String(code))).toEqual(expect.arrayContaining(cases.map(([, code]) => code)))
    })
  } finally {
    await connection.end()
  }
})

test('a hostile body that is signed gets an answer or a problem, and never another company’s', async () => {
  open()
  const contact = (value: unknown) => JSON.stringify({ event: 'call_inbound', call_inbound: value })
  const deep = `{"event":"call_inbound","call_inbound":${'['.repeat(5_000)}${']'.repeat(5_000)}}`
  const usualOnes = [
    contact(null),
    contact([]),
    contact({ to_number: { toString: 'x' } }),
    contact({ to_number: '+4930100001', from_number: ['+4930777777'] }),
    contact({ to_number: 'x'.repeat(10_000) }),
    contact({ to_number: "+4930100001' OR 1=1" }),
    contact({ agent_id: '__proto__', to_number: '+4930999999' }),
    '{"event":"call_inbound","__proto__":{"call_inbound":{"to_number":"+4930100001"}}}',
    deep,
  ]
  for (const body of usualOnes) expect(await post(body)).toMatchObject({ status: 200, json: usual })
  const problems: [string, number, string][] = [
    ['not json', 400, 'malformed_json'],
    ['', 400, 'malformed_json'],
    ['[]', 400, 'invalid_argument'],
    ['{"event":"call_ended","call":{}}', 400, 'invalid_argument'],
    [contact({ to_number: 'x'.repeat(70_000) }), 413, 'payload_too_large'],
  ]
  for (const [body, status, code] of problems) expect(await post(body)).toMatchObject({ status, json: { code } })
})

test('nothing of it is in the ledger', async () => {
  open()
  const before = (await harness.operations.getConservation({})).counts.accepted
  expect(variablesOf((await post(ring('+4930100001').body)).json)).toMatchObject({ customer_name: 'Ada' })
  expect((await harness.operations.getConservation({})).counts.accepted).toBe(before)
})

test.each<[string, () => void, string]>([
  ['of nobody', () => undefined, 'no_match'],
  [
    'of two companies',
    () =>
      harness.attribution.answer(async () => ({
        decision: { $case: 'unresolved', value: { reason: 'QUARANTINE_REASON_AMBIGUOUS', details: [], discard: undefined } },
      })),
    'ambiguous',
  ],
  ['with a resolver that fails', () => harness.attribution.answer(() => Promise.reject(new Error('out of memory'))), 'internal'],
  ['with a frozen resolver', () => harness.attribution.answer(frozen), 'deadline_exceeded'],
  ['with a frozen booking', () => harness.booking.answer(frozen), 'deadline_exceeded'],
  ['with a booking that fails', () => harness.booking.answer(() => Promise.reject(new Error('no database'))), 'internal'],
])('a call %s is answered within the time by the number’s usual agent, and counted', async (what, prepare, outcome) => {
  if (what !== 'of nobody') open()
  prepare()
  const begunAt = performance.now()
  expect(await post(ring('+4930100001').body)).toMatchObject({ status: 200, json: usual })
  expect(performance.now() - begunAt).toBeLessThan(2_000)
  const metrics = await (await fetch(`${harness.ingress.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(new RegExp(`frontdesk_inbound_contacts_total\\{event="call_inbound",outcome="${outcome}"\\} [1-9]`))
})

test('a frozen neighbour costs further callers nothing once that is known, it recovers by itself, and an absent one is no trouble', async () => {
  open()
  harness.booking.answer(frozen)
  await Promise.all(Array.from({ length: 8 }, () => post(ring('+4930100001').body)))
  const begunAt = performance.now()
  expect(await post(ring('+4930100001').body)).toMatchObject({ status: 200, json: usual })
  expect(performance.now() - begunAt).toBeLessThan(500)
  harness.booking.answer(adaOfA)
  await eventually(async () => expect(variablesOf((await post(ring('+4930100001').body)).json)).toMatchObject({ customer_name: 'Ada' }))

  await harness.directory.stop()
  try {
    const away = performance.now()
    expect(await post(ring('+4930100001').body)).toMatchObject({ status: 200, json: usual })
    expect(performance.now() - away).toBeLessThan(2_000)
  } finally {
    await harness.directory.start()
  }
}, 20_000)
