import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { afterEach, expect, test } from 'vitest'
import { createStripe } from './stripe.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const json = (status: number, body: object, headers: Record<string, string> = {}): Answer => {
  return (_, response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
const failure = (status: number, error: object = {}, headers = {}) =>
  json(status, { error: { message: 'sk_live_secret', ...error } }, headers)
const hang: Answer = () => undefined
const sessionUntil = (expiresAt: Date, token = 'token_1') =>
  json(200, { object: 'v2.billing.meter_event_session', authentication_token: token, expires_at: expiresAt.toISOString() })
const session = (token?: string) => sessionUntil(new Date(Date.now() + 15 * 60_000), token)
const taken = json(200, {}, { 'request-id': 'req_1' })

/** Stripe as its SDK sees it, with the answers of a test, the last one for ever. */
async function stripeThat(...answers: Answer[]) {
  const requests: IncomingMessage[] = []
  const bodies: string[] = []
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    const body = await readText(request)
    bodies.push(body)
    answer?.(request, response, body)
  }
  const server = createServer((request, response) => void take(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const telemetry = stack.use(createTestTelemetry())
  const stripe = stack.use(
    createStripe({
      apiKey: 'sk_test',
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      timeoutMs: 200,
      meters: { call_minutes: 'minutes', messages: 'messages' },
      telemetry,
    }),
  )
  return { stripe, requests, bodies, telemetry }
}

const company = { companyId: vouchForCompanyId(newId('cmp')), attempt: 1, name: 'Salon', email: 'a@b.de' }
const invoice = { type: 'invoice', id: 'in_1' } as const
const use = { identifier: 'usg_1', kind: 'messages', customerId: 'cus_1', quantity: 1, at: new Date() } as const

test('what it does not know is undefined, and no failure', async () => {
  const { stripe } = await stripeThat(failure(404, { type: 'invalid_request_error', code: 'resource_missing' }))
  expect(await stripe.fetch(invoice)).toBeUndefined()
})

test('a path that Stripe does not have says nothing of an object: it is a failure', async () => {
  const { stripe } = await stripeThat(failure(404, { type: 'invalid_request_error', message: 'Unrecognized request URL' }))
  await expect(stripe.fetch(invoice)).rejects.toMatchObject({ code: 'failed_precondition' })
})

test.each([200, 404, 503])(
  'what somebody between us and Stripe answers with %i is no answer: nothing counts as reported',
  async (status) => {
    const { stripe } = await stripeThat(json(status, { detail: 'No.' }), session(), json(status, { detail: 'No.' }))
    const noAnswer = { code: 'unavailable', retryable: true }
    await expect(stripe.fetch(invoice)).rejects.toMatchObject(noAnswer)
    await expect(stripe.report(use)).rejects.toMatchObject(noAnswer)
  },
)

const named = (...identifiers: string[]) => identifiers.map((identifier) => ({ ...use, identifier }))
const sentIn = (body: string | undefined) =>
  (JSON.parse(body ?? '') as { events: { identifier: string }[] }).events.map(({ identifier }) => identifier)

test('uses travel together, in a session of their own', async () => {
  const { stripe, requests, bodies } = await stripeThat(session(), taken)
  await Promise.all(named('usg_1', 'usg_2.3').map(stripe.report))
  expect(requests.map(({ headers, url }) => [url, headers.authorization])).toEqual([
    ['/v2/billing/meter_event_session', 'Bearer sk_test'],
    ['/v2/billing/meter_event_stream', 'Bearer token_1'],
  ])
  const event = { event_name: 'messages', timestamp: use.at.toISOString(), payload: { stripe_customer_id: 'cus_1', value: '1' } }
  expect(JSON.parse(bodies[1] ?? '')).toEqual({
    events: [
      { ...event, identifier: 'usg_1' },
      { ...event, identifier: 'usg_2.3' },
    ],
  })
  await stripe.report(use)
  expect(requests).toHaveLength(3)
})

test('a session that Stripe has ended is replaced, and what it was for is sent again', async () => {
  const over = failure(401, { type: 'temporary_session_expired', code: 'billing_meter_event_session_expired' })
  const { stripe, requests } = await stripeThat(session(), over, session('token_2'), taken)
  await stripe.report(use)
  expect(requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer sk_test',
    'Bearer token_1',
    'Bearer sk_test',
    'Bearer token_2',
  ])

  const never = await stripeThat(session(), over, session('token_2'), over)
  await expect(never.stripe.report(use)).rejects.toMatchObject({ code: 'unavailable' })
  expect(never.requests).toHaveLength(4)
})

test('a session that is about to end is replaced before', async () => {
  const { stripe, requests } = await stripeThat(sessionUntil(new Date(Date.now() + 30_000)), taken, session('token_2'), taken)
  await stripe.report(use)
  await stripe.report(use)
  expect(requests.at(-1)?.headers.authorization).toBe('Bearer token_2')
})

test('of uses that are refused together each has its own outcome', async () => {
  const stream: Answer = (request, response, body) =>
    (body.includes('usg_bad') ? failure(400, { type: 'invalid_request_error' }) : taken)(request, response, body)
  const { stripe, bodies } = await stripeThat(session(), stream)
  const outcomes = await Promise.allSettled(named('usg_1', 'usg_bad', 'usg_2').map(stripe.report))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(bodies.slice(1).map(sentIn)).toEqual([['usg_1', 'usg_bad', 'usg_2'], ['usg_1'], ['usg_bad'], ['usg_2']])
})

test('what fails for all of them is not asked for each', async () => {
  const { stripe, requests } = await stripeThat(session(), failure(429))
  const outcomes = await Promise.allSettled(named('usg_1', 'usg_2', 'usg_3').map(stripe.report))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(requests).toHaveLength(2)
})

test.each<[string, Answer, object]>([
  ['too many requests', failure(429, {}, { 'retry-after': '7' }), { code: 'unavailable', retryable: true, retryAfterMs: 7_000 }],
  ['a fault of theirs', failure(500), { code: 'unavailable', retryable: true }],
  ['no answer', hang, { code: 'unavailable', retryable: true }],
  ['a cut connection', (request) => request.socket.destroy(), { code: 'unavailable', retryable: true }],
  ['a key at work elsewhere', failure(409, { type: 'idempotency_error' }), { code: 'unavailable', retryable: true }],
  ['a wrong key', failure(401), { code: 'internal', retryable: false }],
  ['a refusal', failure(400, { type: 'invalid_request_error', param: 'price' }), { code: 'failed_precondition', retryable: false }],
])('%s says whether to try again, and shows nothing of Stripe’s text', async (_, answer, expected) => {
  const { stripe } = await stripeThat(session(), answer)
  const error = await stripe.report(use).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject(expected)
  expect(error).toMatchObject({ publicMessage: expect.not.stringContaining('sk_live') })
})

test('a call that somebody waits for is repeated under the same key, and one of a worker is not', async () => {
  const { stripe, requests } = await stripeThat(failure(500), hang, json(200, { id: 'cus_1', object: 'customer' }))
  expect(await stripe.createCustomer(company)).toBe('cus_1')
  expect(requests).toHaveLength(3)
  expect(new Set(requests.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([`frontdesk-customer-${company.companyId}-1`]))

  const other = await stripeThat(failure(500))
  await expect(other.stripe.fetch(invoice)).rejects.toMatchObject({ code: 'unavailable' })
  expect(other.requests).toHaveLength(1)
})

test('it speaks the version that we were written for, with our key', async () => {
  const { stripe, requests } = await stripeThat(json(200, { id: 'cus_1', object: 'customer' }))
  await stripe.createCustomer(company)
  expect(requests[0]?.headers).toMatchObject({ 'stripe-version': '2026-10-28.endive', authorization: 'Bearer sk_test' })
})

test('one that fails again and again is left alone for a moment', async () => {
  const { stripe, requests, telemetry } = await stripeThat(session(), failure(503))
  for (let call = 0; call < 25; call++) await expect(stripe.report(use)).rejects.toMatchObject({ code: 'unavailable' })
  expect(requests).toHaveLength(21)
  const { body } = await telemetry.metrics.render()
  expect(body).toMatch(/billing_stripe_call_duration_seconds_count\{operation="report_usage",outcome="http_503"\} 20/)
})

test('what meters could not count is asked for by the event, as Stripe’s second API has it', async () => {
  const reason = {
    error_count: 3,
    error_types: [{ code: 'no_meter', error_count: 3, sample_errors: [{ request: { identifier: 'usg_1' } }] }],
  }
  const { stripe, requests } = await stripeThat(json(200, { id: 'evt_1', object: 'v2.core.event', data: { reason } }))
  expect(await stripe.meterErrors('evt_1')).toEqual([{ code: 'no_meter', errors: 3, identifiers: ['usg_1'] }])
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /v2/core/events/evt_1'])
})

test.each<[string, Answer, object]>([
  ['an event that Stripe does not know', failure(404, { code: 'not_found' }), { code: 'not_found', retryable: false }],
  ['an event that is none of a meter', json(200, { object: 'v2.core.event', data: {} }), { code: 'failed_precondition', retryable: false }],
  ['an answer that is not Stripe’s', json(404, { detail: 'No.' }), { code: 'unavailable', retryable: true }],
  ['a fault of theirs', failure(503), { code: 'unavailable', retryable: true }],
  ['no answer', hang, { code: 'unavailable', retryable: true }],
])('%s says whether to ask for a meter’s errors again', async (_, answer, expected) => {
  const { stripe, requests } = await stripeThat(answer)
  await expect(stripe.meterErrors('evt_1')).rejects.toMatchObject(expected)
  expect(requests).toHaveLength(1)
})
