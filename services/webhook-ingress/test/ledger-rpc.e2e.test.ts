import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { createTokenIssuer, type TokenSource } from '@frontdesk/rpc'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, retellApiKey, startHarness } from './harness.ts'

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

test('one event is found by its id', async () => {
  const [listed] = (await harness.ledger.listEvents({ entityId: 'call_3' })).events
  const { event } = await harness.ledger.getEvent({ eventId: listed?.eventId ?? '' })
  expect(event).toEqual(listed)
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
    const { ledger, operations } = harness.clients(source)
    const refused = await Promise.allSettled([
      ledger.getEvent({}),
      ledger.listEvents({}),
      ledger.getDelivery({}),
      ledger.reprocessEvents({}),
      operations.getConservation({}),
      operations.listDeadLetters({}),
      operations.redriveDeadLetter({}),
    ])
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
  }
})
