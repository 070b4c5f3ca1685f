import { createHmac, generateKeyPairSync } from 'node:crypto'
import { calcomWebhook, signStandard, standardWebhook, type SampleWebhook } from '@frontdesk/providers/testing'
import { eventually } from '@frontdesk/testing'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const secretOf = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`
let messages = 0
const nextId = () => `msg_${(messages += 1)}`
const eventsOf = async (entityId: string) => (await harness.ledger.listEvents({ entityId })).events
const contact = (id: string): SampleWebhook => standardWebhook('contact.created', { data: { id } })

// By the specification's own library: what signs must not be what verifies.
function postStandard(connectionId: string, { body }: SampleWebhook, secret: string, id: string) {
  const now = new Date()
  return harness.post(`/v1/webhooks/standard/${connectionId}`, body, {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body.toString()),
  })
}

function postCalcom(connectionId: string, body: string | Buffer, secret: string, contentType = 'application/json') {
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const headers = { 'x-cal-signature-256': signature, 'content-type': contentType }
  return harness.post(`/v1/webhooks/calcom/${connectionId}`, Buffer.from(body), headers)
}

test('what the specification’s library signed is kept with its id, and is a duplicate by that id', async () => {
  const connectionId = harness.directory.setSecret(secretOf(1), undefined, 'standard')
  const [id, sample] = [nextId(), contact('contact_kept')]
  expect(await postStandard(connectionId, sample, secretOf(1), id)).toMatchObject({ status: 200, json: { accepted: 1, duplicates: 0 } })
  expect(await postStandard(connectionId, sample, secretOf(1), id)).toMatchObject({ status: 200, json: { accepted: 0, duplicates: 1 } })
  expect(await postStandard(connectionId, sample, secretOf(1), nextId())).toMatchObject({ status: 200, json: { accepted: 1 } })
  const [first, second] = await eventsOf('contact_kept')
  expect(first).toMatchObject({ provider: 'standard', connectionId, eventType: 'frontdesk.provider_event.received.v1' })
  const { delivery } = await harness.ledger.getDelivery({ deliveryId: second?.deliveryId ?? '' })
  expect(delivery?.headers).toMatchObject({ 'webhook-id': id, 'webhook-signature': '[masked]' })
  expect(delivery?.body.equals(sample.body)).toBe(true)
})

test('an Ed25519 key signs for its connection, and a rotation from an HMAC key refuses neither', async () => {
  const pair = generateKeyPairSync('ed25519')
  const base64 = (member: string | undefined) => Buffer.from(member ?? '', 'base64url').toString('base64')
  const privateKey = `whsk_${base64(pair.privateKey.export({ format: 'jwk' }).d)}`
  const connectionId = harness.directory.setSecret(secretOf(2), undefined, 'standard')
  const byKey = (id: string) => {
    const { body } = contact(id)
    return harness.post(`/v1/webhooks/standard/${connectionId}`, body, signStandard(body, privateKey, { id, timestampMs: Date.now() }))
  }
  expect(await byKey('too-early')).toMatchObject({ status: 401, json: { code: 'signature_invalid' } })
  harness.directory.setSecret(`whpk_${base64(pair.publicKey.export({ format: 'jwk' }).x)}`, connectionId, 'standard')
  // The directory is asked about one connection at most once a second; until then the provider sends again.
  await eventually(async () => expect(await byKey('with-key')).toMatchObject({ status: 200 }))
  expect(await postStandard(connectionId, contact('with-previous'), secretOf(2), nextId())).toMatchObject({ status: 200 })
})

test('a connection that is deactivated is an unknown one, also after a start that only knows the sealed copy, and no empty key opens it', async () => {
  const connectionId = harness.directory.setSecret('secret until it ended')
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid: 'before-the-end' } })
  expect(await postCalcom(connectionId, body, 'secret until it ended')).toMatchObject({ status: 200 })
  harness.directory.deactivate(connectionId)
  const unknown = { status: 404, json: { code: 'unknown_connection' } }
  // A wrong signature has the directory asked.
  await eventually(async () => expect(await postCalcom(connectionId, body, 'another secret')).toMatchObject(unknown))
  for (const secret of ['secret until it ended', '', 'another secret']) {
    expect(await postCalcom(connectionId, body, secret)).toMatchObject(unknown)
  }
  await harness.directory.stop()
  await harness.restart()
  for (const secret of ['secret until it ended', '']) expect(await postCalcom(connectionId, body, secret)).toMatchObject(unknown)
  await harness.directory.start()
})

test('Standard Webhooks have no route without a connection, and a secret of another provider’s connection is none', async () => {
  const { body } = contact('nowhere')
  const headers = signStandard(body, secretOf(3), { id: nextId(), timestampMs: Date.now() })
  expect(await harness.post('/v1/webhooks/standard', body, headers)).toMatchObject({ status: 404, json: { code: 'unknown_connection' } })
  const calcom = harness.directory.setSecret(secretOf(3))
  expect(await harness.post(`/v1/webhooks/standard/${calcom}`, body, headers)).toMatchObject({ status: 404 })
})

test('known bug 6: a body of Cal.com counts by what it is, whatever its Content-Type, and without a secret there it is refused', async () => {
  const connectionId = harness.directory.setSecret('calcom of the templates')
  const send = (body: string | Buffer, type?: string) => postCalcom(connectionId, body, 'calcom of the templates', type)
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid: 'labelled-as-form' } })
  expect(await send(body, 'application/x-www-form-urlencoded')).toMatchObject({ status: 200, json: { accepted: 1 } })
  expect(await eventsOf('labelled-as-form')).toMatchObject([{ eventType: 'frontdesk.calendar_booking.created.v1' }])
  for (const broken of ['false', '{}', 'name=Gustav&uid=x']) {
    expect(await send(broken, 'application/x-www-form-urlencoded')).toMatchObject({ status: 200, json: { accepted: 1 } })
  }
  const unsigned = { 'x-cal-signature-256': 'no-secret-provided' }
  expect(await harness.post(`/v1/webhooks/calcom/${connectionId}`, body, unsigned)).toMatchObject({
    status: 401,
    json: { code: 'signature_missing' },
  })
})

test('known bug 7: a valid signature that is replayed to another company’s path is refused', async () => {
  const [own, another] = [secretOf(4), secretOf(5)].map((secret) => harness.directory.setSecret(secret, undefined, 'standard')) as [
    string,
    string,
  ]
  const id = nextId()
  expect(await postStandard(own, contact('mine'), secretOf(4), id)).toMatchObject({ status: 200 })
  expect(await postStandard(another, contact('mine'), secretOf(4), id)).toMatchObject({ status: 401, json: { code: 'signature_invalid' } })
  expect(await eventsOf('mine')).toHaveLength(1)
  const [ownCalcom, anotherCalcom] = [harness.directory.setSecret('calcom of A'), harness.directory.setSecret('calcom of B')]
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid: 'booking-of-A' } })
  expect(await postCalcom(ownCalcom, body, 'calcom of A')).toMatchObject({ status: 200 })
  expect(await postCalcom(anotherCalcom, body, 'calcom of A')).toMatchObject({ status: 401, json: { code: 'signature_invalid' } })
  expect(await eventsOf('booking-of-A')).toHaveLength(1)
})

test('a company that signs with its own secret cannot claim another’s event id: Standard Webhooks', async () => {
  const [victim, attacker] = [secretOf(6), secretOf(7)].map((secret) => harness.directory.setSecret(secret, undefined, 'standard')) as [
    string,
    string,
  ]
  const id = nextId()
  expect(await postStandard(attacker, contact('claimed'), secretOf(7), id)).toMatchObject({ json: { accepted: 1, duplicates: 0 } })
  expect(await postStandard(victim, contact('claimed'), secretOf(6), id)).toMatchObject({ json: { accepted: 1, duplicates: 0 } })
  expect(new Set((await eventsOf('claimed')).map(({ eventId }) => eventId)).size).toBe(2)
})

test('a company that signs with its own secret cannot claim another’s event id: Cal.com', async () => {
  const [victim, attacker] = [harness.directory.setSecret('secret of victim'), harness.directory.setSecret('secret of attacker')]
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid: 'claimed-booking' } })
  expect(await postCalcom(attacker, body, 'secret of attacker')).toMatchObject({ json: { accepted: 1, duplicates: 0 } })
  expect(await postCalcom(victim, body, 'secret of victim')).toMatchObject({ json: { accepted: 1, duplicates: 0 } })
  expect(new Set((await eventsOf('claimed-booking')).map(({ eventId }) => eventId)).size).toBe(2)
})
