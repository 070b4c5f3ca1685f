import { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { type Harness, secrets, startHarness, stripeClient } from './harness.ts'

type StreamedEvent = Parameters<Stripe['v2']['billing']['meterEventStream']['create']>[0]['events'][number]

interface State {
  readonly meterEvents: readonly { identifier: string; timestamp: number; payload: Record<string, string> }[]
  readonly thinEvents: readonly { id: string; type: string }[]
}

const stateOf = ({ control }: Harness) => control<State>('GET', '/state/stripe')
const countedIn = async (harness: Harness) => (await stateOf(harness)).meterEvents.map(({ identifier }) => identifier)

/** A customer, two meters, and a client of a session's. */
async function streaming(harness: Harness) {
  const { stripe } = harness
  const customer = await stripe.customers.create({ name: 'Ada' })
  const meterOf = (name: string) =>
    stripe.billing.meters.create({ display_name: name, event_name: name, default_aggregation: { formula: 'sum' } })
  const [minutes, texts] = [await meterOf('call_minutes'), await meterOf('texts')]
  const { authentication_token: token } = await stripe.v2.billing.meterEventSession.create()
  const stream = stripeClient(harness.stripeUrl, { key: token })
  const used = (identifier: string, overrides: Partial<StreamedEvent> & { customer?: string; value?: string } = {}): StreamedEvent => {
    const { customer: of = customer.id, value = '5', ...more } = overrides
    return { event_name: 'call_minutes', identifier, payload: { stripe_customer_id: of, value }, ...more }
  }
  const send = (...events: StreamedEvent[]) => stream.v2.billing.meterEventStream.create({ events })
  return { customer, minutes, texts, token, used, send }
}

test('a session is answered as the SDK reads it, and its token counts usage', async () => {
  await using harness = await startHarness()
  const { used, send } = await streaming(harness)
  expect(await harness.stripe.v2.billing.meterEventSession.create()).toEqual({
    id: expect.stringMatching(/^mes_\w{24}$/),
    object: 'v2.billing.meter_event_session',
    authentication_token: expect.stringMatching(/^\w{64}$/),
    created: '2026-11-02T09:00:00.000Z',
    expires_at: '2026-11-02T09:15:00.000Z',
    livemode: false,
  })
  const { identifier: _generated, ...unnamed } = used('')
  expect(await send(used('use_1'), used('use_2', { timestamp: '2026-11-02T09:30:00.900+01:00' }), unnamed)).toEqual({})
  const now = Date.parse('2026-11-02T09:00:00Z') / 1_000
  expect((await stateOf(harness)).meterEvents).toMatchObject([
    { object: 'billing.meter_event', identifier: 'use_1', timestamp: now },
    { identifier: 'use_2', timestamp: now - 1_800 },
    { identifier: expect.stringMatching(/^mtrevt_/), timestamp: now },
  ])
})

test('streamed usage is billed', async () => {
  await using harness = await startHarness()
  const { customer, minutes, used, send } = await streaming(harness)
  await harness.control('PUT', '/stripe/prices', { id: 'price_minutes', currency: 'eur', unitAmount: 10, meter: minutes.id })
  const { id } = await harness.stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_minutes' }] })
  await send(used('use_1', { value: '7' }), used('use_2', { timestamp: '2026-11-02T09:04:00Z' }), used('use_3', { event_name: 'texts' }))
  const { invoice } = await harness.control<{ invoice: { amount_due: number } }>('POST', `/stripe/subscriptions/${id}/renew`)
  expect(invoice.amount_due).toBe(120)
})

test('a session ends after 15 minutes', async () => {
  await using harness = await startHarness()
  const { used, send } = await streaming(harness)
  harness.clock.now = new Date('2026-11-02T09:14:59.999Z')
  await send(used('use_1'))
  harness.clock.now = new Date('2026-11-02T09:15:00Z')
  await expect(send(used('use_2'))).rejects.toBeInstanceOf(Stripe.errors.TemporarySessionExpiredError)
  await expect(send(used('use_2'))).rejects.toMatchObject({ statusCode: 400, rawType: 'temporary_session_expired' })
  expect(await countedIn(harness)).toEqual(['use_1'])
})

test('only a session’s token opens the stream, and it opens nothing else', async () => {
  await using harness = await startHarness()
  const { used, send, token } = await streaming(harness)
  const { TemporarySessionExpiredError, StripeAuthenticationError } = Stripe.errors
  const sendWith = (key: string) => stripeClient(harness.stripeUrl, { key }).v2.billing.meterEventStream.create({ events: [used('use_1')] })
  await expect(sendWith('unheard_of')).rejects.toBeInstanceOf(TemporarySessionExpiredError)
  await expect(sendWith(secrets.STRIPE_API_KEY)).rejects.toBeInstanceOf(TemporarySessionExpiredError)
  await expect(sendWith(' ')).rejects.toBeInstanceOf(StripeAuthenticationError)
  const client = stripeClient(harness.stripeUrl, { key: token })
  await expect(client.v2.billing.meterEventSession.create()).rejects.toBeInstanceOf(StripeAuthenticationError)
  await expect(client.customers.list()).rejects.toBeInstanceOf(StripeAuthenticationError)
  await harness.control('POST', '/reset')
  await expect(send(used('use_1'))).rejects.toBeInstanceOf(TemporarySessionExpiredError)
  expect(await countedIn(harness)).toEqual([])
})

test('a request has 1 to 100 events', async () => {
  await using harness = await startHarness()
  const { used, send } = await streaming(harness)
  const many = Array.from({ length: 101 }, (_each, index) => used(`use_${index}`))
  await expect(send(...many)).rejects.toMatchObject({ statusCode: 400, code: 'invalid_fields', message: expect.stringContaining('events') })
  await expect(send()).rejects.toMatchObject({ statusCode: 400, code: 'invalid_fields', message: expect.stringContaining('events') })
  expect(await countedIn(harness)).toEqual([])
  await send(...many.slice(1))
  expect(await countedIn(harness)).toHaveLength(100)
})

test.each([
  ['events[1].payload.value', { payload: { value: 5 } }],
  ['events[1].timestamp', { timestamp: '1762074000' }],
  ['events[1].event_name', { event_name: undefined }],
  ['events[1].identifier', { identifier: 'x'.repeat(101) }],
  ['events[1].stripe_customer', { stripe_customer: 'cus_1' }],
])('a body that does not fit is refused with the name of %s, and nothing of it is counted', async (field, ill) => {
  await using harness = await startHarness()
  const { used, send } = await streaming(harness)
  await expect(send(used('use_1'), { ...used('use_2'), ...(ill as object) })).rejects.toMatchObject({
    type: 'StripeInvalidRequestError',
    statusCode: 400,
    code: 'invalid_fields',
    message: expect.stringContaining(field),
  })
  expect(await stateOf(harness)).toMatchObject({ meterEvents: [], thinEvents: [] })
})

test('what is no JSON is refused in the shape of v2', async () => {
  await using harness = await startHarness()
  const { token } = await streaming(harness)
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${harness.stripeUrl}/v2/billing/meter_event_stream`, { method: 'POST', headers, body: 'events[0]=x' })
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ error: { code: 'invalid_fields', message: 'The request body is not valid JSON.' } })
})

test('usage is counted once an identifier, and of a second one nobody hears', async () => {
  await using harness = await startHarness()
  const { used, send, customer } = await streaming(harness)
  const payload = { stripe_customer_id: customer.id, value: '5' }
  await harness.stripe.billing.meterEvents.create({ event_name: 'call_minutes', identifier: 'use_0', payload })
  await send(used('use_0', { value: '4' }), used('use_1'), used('use_1', { value: '6' }))
  await send(used('use_1', { value: '7' }), used('use_2'))
  const { meterEvents, thinEvents } = await stateOf(harness)
  expect(meterEvents.map(({ identifier, payload: { value } }) => [identifier, value])).toEqual([
    ['use_0', '5'],
    ['use_1', '5'],
    ['use_2', '5'],
  ])
  expect(thinEvents).toEqual([])
})

test('what can not be counted is told by a thin event that the SDK verifies, and does not keep the rest from being counted', async () => {
  await using harness = await startHarness()
  const { used, send, minutes } = await streaming(harness)
  harness.clock.now = new Date('2026-11-02T09:01:00Z')
  await send(used('use_1'), used('use_2', { customer: 'cus_none' }), used('use_3', { event_name: 'unheard_of' }), used('use_4'))
  expect(await countedIn(harness)).toEqual(['use_1', 'use_4'])
  const received = (await harness.webhooks(5)).filter(({ body }) => body.includes('v2.core.event'))
  const common = { object: 'v2.core.event', created: '2026-11-02T09:01:00.000Z', livemode: false, context: null }
  const id = expect.stringMatching(/^evt_\w{24}$/)
  const ofMeter = {
    ...common,
    id,
    type: 'v1.billing.meter.error_report_triggered',
    related_object: { id: minutes.id, type: 'billing.meter', url: `/v1/billing/meters/${minutes.id}` },
  }
  const ofNone = { ...common, id, type: 'v1.billing.meter.no_meter_found', related_object: null }
  const bodies = received.map(({ body }) => JSON.parse(body.toString()) as { type: string })
  expect(bodies.toSorted((left, right) => (left.type < right.type ? -1 : 1))).toEqual([ofMeter, ofNone])

  const report = (code: string, message: string, identifier: string) => ({
    developer_message_summary: 'There is 1 invalid event',
    reason: {
      error_count: 1,
      error_types: [{ code, error_count: 1, sample_errors: [{ error_message: message, request: { identifier } }] }],
    },
    validation_start: common.created,
    validation_end: common.created,
  })
  const data = {
    'v1.billing.meter.error_report_triggered': report('meter_event_customer_not_found', "No such customer: 'cus_none'", 'use_2'),
    'v1.billing.meter.no_meter_found': report('no_meter', "No such active meter with event name: 'unheard_of'", 'use_3'),
  }
  for (const { body, headers } of received) {
    const signature = headers['stripe-signature'] ?? ''
    const notification = harness.stripe.parseEventNotification(body, signature, secrets.STRIPE_WEBHOOK_SECRET)
    if (!(notification.type in data)) throw new Error(`an event of ${notification.type}`)
    const type = notification.type as keyof typeof data
    const whole = JSON.parse(body.toString()) as object
    expect(await notification.fetchEvent()).toEqual({ ...whole, data: data[type] })
    expect(await harness.stripe.v2.core.events.retrieve(notification.id)).toMatchObject({ data: data[type] })
  }
  const { thinEvents } = await stateOf(harness)
  expect(thinEvents.map(({ type }) => type)).toEqual(Object.keys(data))
})

test.each([
  ['meter_event_no_customer_defined', { payload: { value: '5' } }],
  ['meter_event_customer_not_found', { customer: 'cus_none' }],
  ['meter_event_invalid_value', { value: 'five' }],
  ['timestamp_too_far_in_past', { timestamp: '2026-09-28T08:59:59Z' }],
  ['timestamp_in_future', { timestamp: '2026-11-02T09:05:01Z' }],
  ['no_meter', { event_name: 'unheard_of' }],
])('usage is refused as %s', async (code, ill) => {
  await using harness = await startHarness()
  const { used, send } = await streaming(harness)
  await send(used('use_1', ill), used('use_2', { timestamp: '2026-09-28T09:00:00Z' }), used('use_3', { timestamp: '2026-11-02T09:05:00Z' }))
  expect(await countedIn(harness)).toEqual(['use_2', 'use_3'])
  const { thinEvents } = await stateOf(harness)
  expect(thinEvents).toMatchObject([{ data: { reason: { error_count: 1, error_types: [{ code, error_count: 1 }] } } }])
})

test('there is one report a meter, with all errors in number and five of a code as samples', async () => {
  await using harness = await startHarness()
  const { used, send, minutes, texts } = await streaming(harness)
  const ill = Array.from({ length: 7 }, (_each, index) => used(`use_${index}`, { value: 'five' }))
  await send(used('text_1', { event_name: 'texts', value: 'one' }), ...ill, used('use_7', { customer: 'cus_none' }))
  const { thinEvents } = await stateOf(harness)
  expect(thinEvents).toMatchObject([
    { related_object: { id: texts.id }, data: { reason: { error_count: 1, error_types: [{ error_count: 1 }] } } },
    {
      related_object: { id: minutes.id },
      data: {
        developer_message_summary: 'There are 8 invalid events',
        reason: {
          error_count: 8,
          error_types: [
            {
              code: 'meter_event_invalid_value',
              error_count: 7,
              sample_errors: [0, 1, 2, 3, 4].map((index) => ({ request: { identifier: `use_${index}` } })),
            },
            { code: 'meter_event_customer_not_found', error_count: 1, sample_errors: [{ request: { identifier: 'use_7' } }] },
          ],
        },
      },
    },
  ])
})

test('an event that is not there is a 404', async () => {
  await using harness = await startHarness()
  await expect(harness.stripe.v2.core.events.retrieve('evt_none')).rejects.toMatchObject({
    type: 'StripeInvalidRequestError',
    statusCode: 404,
    code: 'resource_missing',
  })
})

test('faults hit the stream, and what is sent again after a lost answer is counted once', async () => {
  await using harness = await startHarness()
  const { used, send } = await streaming(harness)
  const plant = (kind: string) =>
    harness.control('PUT', '/faults', { provider: 'stripe', kind, times: 1, pathPrefix: '/v2/billing/meter_event_stream' })
  await plant('rate_limited')
  await expect(send(used('use_1'))).rejects.toMatchObject({ statusCode: 429 })
  expect(await countedIn(harness)).toEqual([])
  await plant('error_after')
  await expect(send(used('use_1'))).rejects.toMatchObject({ statusCode: 500 })
  await send(used('use_1'))
  // The SDK itself sends once more on a closed connection.
  await plant('disconnect_after')
  await send(used('use_2'))
  expect(await countedIn(harness)).toEqual(['use_1', 'use_2'])
})

test('the log has the stream’s requests as JSON, without the token', async () => {
  await using harness = await startHarness()
  const { used, send, token } = await streaming(harness)
  await send(used('use_1'))
  const { requests } = await harness.control<{ requests: object[] }>('GET', '/requests?limit=2')
  expect(requests).toMatchObject([
    { path: '/v2/billing/meter_event_stream', status: 200, body: { events: [{ identifier: 'use_1' }] } },
    { path: '/v2/billing/meter_event_session', status: 200, body: {} },
  ])
  expect(JSON.stringify(requests)).not.toContain(token)
})
