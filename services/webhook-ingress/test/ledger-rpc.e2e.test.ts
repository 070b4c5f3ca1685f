import { newId, VerifyingSecret, vouchForCompanyId } from '@frontdesk/contracts'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { createTokenIssuer, type TokenSource } from '@frontdesk/rpc'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, retellApiKey, retellApiKeyPrevious, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
  for (let index = 0; index < 5; index += 1) {
    const { body } = retellWebhook('call_started', { call: { call_id: `call_${index}` } })
    await harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, retellApiKey, Date.now()) })
  }
})
afterAll(() => harness[Symbol.asyncDispose]())

test('pages lead from the newest to the oldest, each event once', async () => {
  const seen: string[] = []
  let pageToken = ''
  do {
    const page = await harness.ledger.listEvents({ provider: 'retell', eventType: 'frontdesk.call.started.v1', pageSize: 2, pageToken })
    seen.push(...page.events.map(({ entityId }) => entityId))
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  expect(seen.toSorted()).toEqual(['call_0', 'call_1', 'call_2', 'call_3', 'call_4'])
})

test('a window has what was received in it, from its first instant and up to its last', async () => {
  const all = (await harness.ledger.listEvents({ provider: 'retell' })).events
  const [newest, second] = all
  const receivedFrom = second?.receivedAt
  const receivedUntil = newest?.receivedAt
  const within = all.filter(({ receivedAt }) => receivedAt && receivedFrom && receivedAt >= receivedFrom)
  expect((await harness.ledger.listEvents({ receivedFrom })).events).toEqual(within)
  const before = all.filter(({ receivedAt }) => receivedAt && receivedUntil && receivedAt < receivedUntil)
  expect((await harness.ledger.listEvents({ receivedUntil })).events).toEqual(before)
})

test('of several types each is found, and of another connection nothing', async () => {
  const eventTypes = ['frontdesk.call.started.v1', 'frontdesk.call.ended.v1']
  expect((await harness.ledger.listEvents({ eventTypes })).events).toHaveLength(5)
  expect((await harness.ledger.listEvents({ eventTypes: eventTypes.slice(1) })).events).toEqual([])
  expect((await harness.ledger.listEvents({ connectionId: newId('con') })).events).toEqual([])
})

test.each([
  ['provider', { provider: "retell' or 1=1" }],
  ['event_types', { eventTypes: ['frontdesk.call.sung.v1'] }],
  ['event_types', { eventTypes: Array.from({ length: 33 }, () => 'frontdesk.call.ended.v1') }],
  ['entity_id', { entityId: 'é'.repeat(128) }],
  ['connection_id', { connectionId: 'con_1' }],
  ['received_from', { receivedFrom: new Date('1969-12-31T23:59:59Z') }],
  ['received_until', { receivedFrom: new Date(2_000), receivedUntil: new Date(2_000) }],
])('a filter that can’t be meant is refused by its name: %s', async (field, request) => {
  const refused: unknown = await harness.ledger.listEvents(request).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining(field) })
})

test('refusals are listed by reason, provider, connection and time, the newest first, each once', async () => {
  const { body } = retellWebhook('call_started')
  for (const key of ['wrong', 'wrong, too']) {
    await harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, key, Date.now()) })
  }
  await harness.post('/v1/webhooks/calcom/con_1', body, {})
  const { ledger } = harness
  const [ofCalcom] = await eventually(async () => {
    const { refusals } = await ledger.listRefusals({ provider: 'calcom' })
    expect(refusals).toMatchObject([{ code: 'unknown_connection', connectionId: 'con_1', times: 1 }])
    return refusals
  })
  const found = await eventually(async () => {
    const { refusals } = await ledger.listRefusals({ code: 'signature_invalid' })
    expect(refusals.reduce((sum, { times }) => sum + times, 0)).toBe(2)
    return refusals
  })
  expect(found[0]).toMatchObject({ provider: 'retell', connectionId: '', address: '127.0.0.1' })
  expect((await ledger.listRefusals({ connectionId: 'con_1', refusedFrom: ofCalcom?.at })).refusals).toEqual([ofCalcom])
  expect((await ledger.listRefusals({ refusedFrom: new Date(Date.now() + 60_000) })).refusals).toEqual([])

  const seen: unknown[] = []
  let pageToken = ''
  do {
    const page = await ledger.listRefusals({ pageSize: 1, pageToken })
    seen.push(...page.refusals)
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  expect(seen).toEqual((await ledger.listRefusals({})).refusals)

  const refused = [
    ['provider', { provider: 'Retell' }],
    ['code', { code: "x' or 1=1" }],
    ['connection_id', { connectionId: 'x'.repeat(41) }],
    ['refused_until', { refusedFrom: new Date(5), refusedUntil: new Date(4) }],
    ['page_token', { pageToken: '5.x' }],
  ] as const
  for (const [field, request] of refused) {
    const error: unknown = await ledger.listRefusals(request).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining(field) })
  }
})

test('one event is found by its id', async () => {
  const [listed] = (await harness.ledger.listEvents({ entityId: 'call_3' })).events
  const { event } = await harness.ledger.getEvent({ eventId: listed?.eventId ?? '' })
  expect(event).toEqual(listed)
})

test('an event tells by which of the secrets its delivery was verified, and which revision it has', async () => {
  for (const [callId, key, verifiedBy] of [
    ['call_current', retellApiKey, VerifyingSecret.CURRENT],
    ['call_previous', retellApiKeyPrevious, VerifyingSecret.PREVIOUS],
  ] as const) {
    const { body } = retellWebhook('call_started', { call: { call_id: callId } })
    await harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, key, Date.now()) })
    expect((await harness.ledger.listEvents({ entityId: callId })).events).toMatchObject([{ verifiedBy, revision: 1 }])
  }
})

test('a malformed argument is named, and an unknown id is not found', async () => {
  const { ledger } = harness
  await expect(ledger.getEvent({ eventId: 'x' })).rejects.toMatchObject({ code: 'invalid_argument' })
  await expect(ledger.getEvent({ eventId: '0'.repeat(64) })).rejects.toMatchObject({ code: 'not_found' })
  await expect(ledger.getDelivery({ deliveryId: newId('dlv') })).rejects.toMatchObject({ code: 'not_found' })
  await expect(ledger.listEvents({ pageToken: `999999999999999.${'0'.repeat(64)}` })).rejects.toMatchObject({ code: 'invalid_argument' })
  await expect(ledger.listEvents({ pageToken: 'x.y' })).rejects.toMatchObject({ code: 'invalid_argument' })
  await expect(ledger.listEvents({ pageSize: 1_000 })).rejects.toMatchObject({ code: 'invalid_argument' })
})

test('every method refuses a call without a token, with an expired one, for another audience, or for some companies only', async () => {
  const { authority } = harness
  const operator = authority.issuer('operator')
  const expired = createTokenIssuer({
    privateJwk: authority.keyPair.privateJwk,
    caller: 'operator',
    clock: () => new Date(Date.now() - 3_600_000),
  })
  const companies = [vouchForCompanyId(newId('cmp'))]
  const sources: [string, TokenSource][] = [
    ['token_missing', { issue: () => Promise.resolve('') }],
    ['token_expired', expired],
    ['token_invalid', { issue: (request) => operator.issue({ ...request, audience: 'booking' }) }],
    ['permission_denied', { issue: (request) => operator.issue({ ...request, companies }) }],
  ]
  for (const [code, source] of sources) {
    const { ledger, operations, replays } = harness.clients(source)
    const refused = await Promise.allSettled([
      ledger.getEvent({}),
      ledger.listEvents({}),
      ledger.getDelivery({}),
      ledger.listRefusals({}),
      replays.startReplay({}),
      replays.getReplay({}),
      replays.listReplays({}),
      replays.cancelReplay({}),
      operations.getTimeline({}),
      ledger.reprocessEvents({}),
      operations.getConservation({}),
      operations.listDeadLetters({}),
      operations.redriveDeadLetter({}),
    ])
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
  }
})
