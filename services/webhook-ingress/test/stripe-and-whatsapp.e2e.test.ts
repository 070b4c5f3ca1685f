import { createHmac } from 'node:crypto'
import { newId, VerifyingSecret } from '@frontdesk/contracts'
import {
  signStripe,
  signWhatsapp,
  stripeWebhook,
  type SampleWebhook,
  type WhatsappNumber,
  whatsappBatch,
  whatsappWebhook,
} from '@frontdesk/providers/testing'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { Stripe } from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, startHarness, stripeSecrets, whatsappSecrets, whatsappVerifyToken } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const sdk = new Stripe('sk_test_none')
let events = 0
const nextId = (prefix: string) => `${prefix}${(events += 1)}`
const eventsOf = async (entityId: string) => (await harness.ledger.listEvents({ entityId })).events

function postStripe(body: Buffer, secret = stripeSecrets.current) {
  const header = sdk.webhooks.generateTestHeaderString({ payload: body.toString(), secret })
  return harness.post('/v1/webhooks/stripe', body, { 'stripe-signature': header })
}

// By node's own crypto: what signs must not be what verifies.
function postWhatsapp({ body }: { body: Buffer }, secret = whatsappSecrets.current, path = '/v1/webhooks/whatsapp') {
  const digest = createHmac('sha256', secret).update(body).digest('hex')
  return harness.post(path, body, { 'x-hub-signature-256': `sha256=${digest}` })
}

const message = (id: string, ours?: WhatsappNumber) => whatsappWebhook('text', { id }, ours)
const batchOf = (count: number, prefix = nextId('wamid.batch')): SampleWebhook =>
  whatsappBatch(Array.from({ length: count }, (_, index) => message(`${prefix}.${index}`)))

test('what Stripe’s own SDK signed is kept byte for byte, thin events too, and again is a duplicate', async () => {
  for (const [type, eventType] of [
    ['customer.subscription.updated', 'frontdesk.subscription.changed.v1'],
    ['invoice.paid', 'frontdesk.invoice.changed.v1'],
    ['v1.billing.meter.error_report_triggered', 'frontdesk.meter.failed.v1'],
    ['v1.customer.subscription.updated', 'frontdesk.subscription.changed.v1'],
    ['checkout.session.completed', 'frontdesk.checkout.completed.v1'],
  ] as const) {
    const entityId = nextId('obj_')
    const { body } = stripeWebhook(type, {
      id: nextId('evt_'),
      ...(type.startsWith('v1.') ? { related_object: { id: entityId } } : { data: { object: { id: entityId } } }),
    })
    expect(await postStripe(body)).toMatchObject({ status: 200, json: { accepted: 1, duplicates: 0 } })
    expect(await postStripe(body)).toMatchObject({ status: 200, json: { accepted: 0, duplicates: 1 } })
    const [event] = await eventsOf(entityId)
    expect(event).toMatchObject({ provider: 'stripe', eventType })
    const { delivery } = await harness.ledger.getDelivery({ deliveryId: event?.deliveryId ?? '' })
    expect(delivery?.body.equals(body)).toBe(true)
    expect(delivery?.headers).toMatchObject({ 'stripe-signature': '[masked]' })
  }
})

test('Stripe signs thin events by a secret of their destination, which is as current as the other', async () => {
  const entityId = nextId('mtr_')
  const { body } = stripeWebhook('v1.billing.meter.error_report_triggered', { id: nextId('evt_'), related_object: { id: entityId } })
  expect(await postStripe(body, stripeSecrets.thin)).toMatchObject({ status: 200, json: { accepted: 1 } })
  expect(await eventsOf(entityId)).toMatchObject([{ verifiedBy: VerifyingSecret.CURRENT }])
})

test('the platform’s previous secrets verify during a rotation, others do not', async () => {
  const invoice = () => stripeWebhook('invoice.paid', { id: nextId('evt_') }).body
  expect(await postStripe(invoice(), stripeSecrets.previous)).toMatchObject({ status: 200 })
  expect(await postStripe(invoice(), 'whsec_other')).toMatchObject({ status: 401, json: { code: 'signature_invalid' } })
  expect(await postWhatsapp(message(nextId('wamid.')), whatsappSecrets.previous)).toMatchObject({ status: 200 })
  expect(await postWhatsapp(message(nextId('wamid.')), 'other')).toMatchObject({ status: 401, json: { code: 'signature_invalid' } })
})

test('a timestamp of Stripe that is off by 301 s is refused, ahead as well as behind', async () => {
  const { body } = stripeWebhook('invoice.paid', { id: nextId('evt_') })
  for (const offMs of [-301_500, 301_500]) {
    const headers = { 'stripe-signature': signStripe(body, stripeSecrets.current, Date.now() + offMs) }
    expect(await harness.post('/v1/webhooks/stripe', body, headers)).toMatchObject({
      status: 401,
      json: { code: 'timestamp_out_of_tolerance' },
    })
  }
})

test('a connection’s own secret verifies on its own route, and one provider’s is none of another’s', async () => {
  const connectionId = harness.directory.setSecret('app secret of one company', undefined, 'whatsapp')
  const sample = message(nextId('wamid.'))
  const path = `/v1/webhooks/whatsapp/${connectionId}`
  expect(await postWhatsapp(sample, 'app secret of one company', path)).toMatchObject({ status: 200, json: { accepted: 1 } })
  expect(await postWhatsapp(sample, whatsappSecrets.current, path)).toMatchObject({ status: 401 })
  expect(await postWhatsapp(sample, 'app secret of one company')).toMatchObject({ status: 401 })
  expect(await postWhatsapp(sample, whatsappSecrets.current)).toMatchObject({ status: 200, json: { accepted: 1 } })
  const stripe = await harness.post(`/v1/webhooks/stripe/${connectionId}`, sample.body, {
    'stripe-signature': signStripe(sample.body, 'app secret of one company', Date.now()),
  })
  expect(stripe).toMatchObject({ status: 404, json: { code: 'unknown_connection' } })
})

test('one request of Meta is as many events as it tells of, duplicates counted apart', async () => {
  const [first, second] = [nextId('wamid.'), nextId('wamid.')]
  expect(await postWhatsapp(message(first))).toMatchObject({ json: { accepted: 1, duplicates: 0 } })
  const ours = { wabaId: '1002', phoneNumberId: '2002' }
  const batch = whatsappBatch([message(first), message(second, ours), message(second, ours), whatsappWebhook('read', { id: second })])
  expect(await postWhatsapp(batch)).toMatchObject({ status: 200, json: { accepted: 2, duplicates: 2 } })
  expect(await postWhatsapp(batch)).toMatchObject({ status: 200, json: { accepted: 0, duplicates: 4 } })
  const kept = await eventsOf(second)
  expect(kept.map(({ eventType }) => eventType).toSorted()).toEqual([
    'frontdesk.message.received.v1',
    'frontdesk.message.status_changed.v1',
  ])
  expect(new Set(kept.map(({ deliveryId }) => deliveryId)).size).toBe(1)
})

test('of one request all events are kept or none', async () => {
  const ids = [nextId('wamid.'), nextId('wamid.'), nextId('wamid.')]
  const batch = whatsappBatch(ids.map((id) => message(id)))
  const connection = await createConnection(harness.mysqlUrl)
  try {
    await connection.query(`CREATE TRIGGER refuse_one BEFORE INSERT ON outbox FOR EACH ROW
      IF NEW.entity_id = '${ids[2]}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'; END IF`)
    const before = (await harness.operations.getConservation({})).counts.accepted
    const neighbour = nextId('wamid.')
    const [refused, taken] = await Promise.all([postWhatsapp(batch), postWhatsapp(message(neighbour))])
    expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    // The other request shared the group or not: it is kept either way.
    expect(taken).toMatchObject({ status: 200, json: { accepted: 1 } })
    expect((await harness.operations.getConservation({})).counts.accepted).toBe((before ?? 0n) + 1n)
    expect((await Promise.all(ids.map(eventsOf))).flat()).toEqual([])
    await connection.query('DROP TRIGGER refuse_one')
    expect(await postWhatsapp(batch)).toMatchObject({ status: 200, json: { accepted: 3, duplicates: 0 } })
  } finally {
    await connection.query('DROP TRIGGER IF EXISTS refuse_one')
    await connection.end()
  }
})

test('the most events that one request may hold are kept in time, and several such requests at once as well', async () => {
  const full = batchOf(2_000)
  const begun = performance.now()
  expect(await postWhatsapp(full)).toMatchObject({ status: 200, json: { accepted: 2_000, duplicates: 0 } })
  expect(performance.now() - begun).toBeLessThan(1_800)
  expect(await postWhatsapp(full)).toMatchObject({ json: { accepted: 0, duplicates: 2_000 } })

  const several = Array.from({ length: 12 }, () => batchOf(700))
  const answers = await Promise.all(several.map((batch) => postWhatsapp(batch)))
  // Whoever was told to send again does: nothing is kept twice and nothing is lost.
  expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true)
  for (const [index, batch] of several.entries()) {
    const { json } = answers[index]?.status === 200 ? (answers[index] ?? { json: {} }) : await postWhatsapp(batch)
    expect(Number(json.accepted) + Number(json.duplicates)).toBe(700)
  }
}, 60_000)

test('one event more than that keeps the request whole, as one that does not fit', async () => {
  const answer = await postWhatsapp(batchOf(2_001))
  expect(answer).toMatchObject({ status: 200, json: { accepted: 1, duplicates: 0 } })
})

test('a request of 3 MB is taken, a larger one refused', async () => {
  const padded = (bytes: number) => {
    const { json } = whatsappWebhook('text', { id: nextId('wamid.') })
    const text = JSON.stringify(json)
    return { body: Buffer.from(`${text}${' '.repeat(bytes - text.length)}`) }
  }
  expect(await postWhatsapp(padded(3 * 1024 * 1024))).toMatchObject({ status: 200, json: { accepted: 1 } })
  expect(await postWhatsapp(padded(3 * 1024 * 1024 + 1))).toMatchObject({ status: 413, json: { code: 'payload_too_large' } })
})

async function handshake(query: string, path = '/v1/webhooks/whatsapp') {
  const response = await fetch(`${harness.ingress.url}${path}${query}`)
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() }
}
const token = encodeURIComponent(whatsappVerifyToken)

test('Meta’s handshake is answered with its challenge, as plain text and nothing else', async () => {
  expect(await handshake(`?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`)).toEqual({
    status: 200,
    type: 'text/plain; charset=utf-8',
    body: '1158201444',
  })
})

test.each([
  ['another token', '?hub.mode=subscribe&hub.verify_token=other&hub.challenge=1', 403],
  ['no token', '?hub.mode=subscribe&hub.challenge=1', 403],
  ['an empty token', '?hub.mode=subscribe&hub.verify_token=&hub.challenge=1', 403],
  ['the token twice', `?hub.mode=subscribe&hub.verify_token=${token}&hub.verify_token=${token}&hub.challenge=1`, 403],
  ['a longer token', `?hub.mode=subscribe&hub.verify_token=${token}x&hub.challenge=1`, 403],
  ['another mode', `?hub.mode=unsubscribe&hub.verify_token=${token}&hub.challenge=1`, 403],
  ['nothing', '', 403],
  ['no challenge', `?hub.mode=subscribe&hub.verify_token=${token}`, 400],
  ['markup as its challenge', `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=%3Cscript%3E`, 400],
  ['too long a challenge', `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=${'1'.repeat(129)}`, 400],
  ['two challenges', `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1&hub.challenge=2`, 400],
])('a handshake with %s is refused', async (_what, query, status) => {
  const answer = await handshake(query)
  expect(answer).toMatchObject({ status, type: 'application/problem+json' })
  expect(answer.body).not.toContain('<script>')
})

test('a refused handshake leaves a row of why, without the token', async () => {
  await handshake('?hub.mode=subscribe&hub.verify_token=mis-set&hub.challenge=1')
  const connection = await createConnection(harness.mysqlUrl)
  try {
    await eventually(async () => {
      const [rows] = await connection.query<RowDataPacket[]>("SELECT * FROM refusals WHERE code = 'permission_denied'")
      expect(rows[0]).toMatchObject({ provider: 'whatsapp', connection_id: null })
      expect(JSON.stringify(rows)).not.toContain('mis-set')
    })
  } finally {
    await connection.end()
  }
})

test('the app of a company’s own shakes hands at its connection, by a token that is good for that one alone', async () => {
  const [own, others] = ['secret of A', 'secret of B'].map((secret) => harness.directory.setSecret(secret, undefined, 'whatsapp'))
  const calendar = harness.directory.setSecret('secret of C', undefined, 'calcom')
  const tokenOf = (connectionId = '') => createHmac('sha256', whatsappVerifyToken).update(connectionId).digest('hex')
  const shake = (connectionId: string | undefined, verifyToken: string) =>
    handshake(`?hub.mode=subscribe&hub.verify_token=${verifyToken}&hub.challenge=1158201444`, `/v1/webhooks/whatsapp/${connectionId}`)
  expect(await shake(own, tokenOf(own))).toMatchObject({ status: 200, body: '1158201444' })
  const unknown = newId('con')
  const refused = [shake(others, tokenOf(own)), shake(own, token), shake(unknown, tokenOf(unknown)), shake(calendar, tokenOf(calendar))]
  for (const answer of await Promise.all(refused)) expect(answer).toMatchObject({ status: 403 })
})

test('no other provider has a handshake', async () => {
  const query = `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1`
  for (const path of ['/v1/webhooks/stripe', '/v1/webhooks/retell']) expect(await handshake(query, path)).toMatchObject({ status: 405 })
})

test('what signWhatsapp makes is what the route takes', async () => {
  const { body } = message(nextId('wamid.'))
  const headers = { 'x-hub-signature-256': signWhatsapp(body, whatsappSecrets.current) }
  expect(await harness.post('/v1/webhooks/whatsapp', body, headers)).toMatchObject({ status: 200 })
})
