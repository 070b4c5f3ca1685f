import { ReprocessMode } from '@frontdesk/contracts'
import { retellWebhook, signRetell, signWhatsapp, whatsappWebhook } from '@frontdesk/providers/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, retellApiKey, startHarness, whatsappSecrets } from './harness.ts'
import { type Replays, startReplays } from './replays.ts'

const owned = new AsyncDisposableStack()
let harness: Harness
let replays: Replays
beforeAll(async () => {
  harness = owned.use(await startHarness())
  replays = owned.use(await startReplays(harness))
  // Room for the rows of before.
  await harness.sql('alter table outbox auto_increment = 10000000')
}, 30_000)
afterAll(() => owned.disposeAsync())

const day = 24 * 60 * 60 * 1_000
const drift = 'frontdesk.provider_event.received.v1'
const ended = 'frontdesk.call.ended.v1'

/** The event of an entity, and its key in the database. */
async function eventOf(entityId: string) {
  const [event] = (await harness.ledger.listEvents({ entityId })).events
  if (!event) throw new Error(`the ledger has no event of ${entityId}`)
  return { ...event, bytes: Buffer.from(event.eventId, 'hex') }
}

/** Moves the receipt of an event into the past, and what its webhook then published with it. */
async function receivedAgo({ bytes }: { bytes: Buffer }, ms: number): Promise<Date> {
  const at = new Date(Date.now() - ms)
  await harness.sql('update events set received_at = ? where event_id = ?', [at, bytes])
  await harness.sql('update outbox set created_at = ?, id = id - 1000000 where event_id = ?', [at, bytes])
  return at
}

/** A call's end that drifted two days ago, and that today's normalizers read. */
async function driftThatFitsToday(callId: string) {
  const { body } = retellWebhook('call_ended', { call: { call_id: callId } })
  await harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, retellApiKey, Date.now()) })
  await replays.allPublished()
  const event = await eventOf(callId)
  await harness.sql('update outbox set event_type = ?, subject = ? where event_id = ?', [
    drift,
    'ingress.retell.provider_event.received',
    event.bytes,
  ])
  await harness.sql('update events set type = ? where event_id = ?', [drift, event.bytes])
  const at = await receivedAgo(event, 2 * day)
  await harness.ledger.reprocessEvents({ eventIds: [event.eventId], mode: ReprocessMode.RENORMALIZE })
  await replays.allPublished()
  return { ...event, window: { receivedFrom: new Date(at.getTime() - 1_000), receivedUntil: new Date(at.getTime() + 1_000) } }
}

/** A message of a delivery of two days ago that only today's normalizers make of it. */
async function addedToday(messageId: string) {
  const { body } = whatsappWebhook('text')
  const json = JSON.parse(body.toString()) as { entry: { changes: { value: { messages: Record<string, unknown>[] } }[] }[] }
  const messages = json.entry[0]?.changes[0]?.value.messages
  messages?.push({ ...messages[0], id: messageId })
  const raw = Buffer.from(JSON.stringify(json))
  await harness.post('/v1/webhooks/whatsapp', raw, { 'x-hub-signature-256': signWhatsapp(raw, whatsappSecrets.current) })
  await replays.allPublished()
  const event = await eventOf(messageId)
  const at = new Date(Date.now() - 2 * day)
  for (const table of ['events', 'outbox']) await harness.sql(`delete from ${table} where event_id = ?`, [event.bytes])
  await harness.sql('update deliveries set received_at = ? where delivery_id = ?', [at, event.deliveryId])
  await harness.ledger.reprocessEvents({ deliveryId: event.deliveryId, mode: ReprocessMode.RENORMALIZE })
  await replays.allPublished()
  return { ...event, window: { receivedFrom: new Date(at.getTime() - 1_000), receivedUntil: new Date(at.getTime() + 1_000) } }
}

async function sent(selection: Parameters<Replays['start']>[0]['selection']) {
  const { matched, replayId } = await replays.start({ selection })
  const replay = await replays.ended(replayId)
  expect(replay).toMatchObject({ matched, published: matched })
  return replays.sentBy(replayId)
}

test('an event that was reprocessed is replayed as it is now, whenever that was', async () => {
  const event = await driftThatFitsToday('call_reprocessed')
  const asNow = [`${event.eventId}.2`]
  expect(await sent({ eventIds: [event.eventId] })).toEqual(asNow)
  expect(await sent({ ...event.window, eventTypes: [ended] })).toEqual(asNow)
  expect(await sent({ ...event.window, eventTypes: [drift] })).toEqual([])
  // A window over both days has both of its rows.
  expect(await sent({ receivedFrom: event.window.receivedFrom, entityId: 'call_reprocessed' })).toEqual(asNow)
})

test('an event that only a reprocess made of its delivery is replayed like any other', async () => {
  const event = await addedToday('wamid.added')
  expect(await sent({ eventIds: [event.eventId] })).toEqual([event.eventId])
  expect(await sent({ ...event.window, entityId: 'wamid.added' })).toEqual([event.eventId])
})

test('a timeline has every revision that the ingress published', async () => {
  const event = await driftThatFitsToday('call_followed')
  const added = await addedToday('wamid.followed')
  const { produced } = await harness.operations.getTimeline({ eventIds: [event.eventId, added.eventId] })
  const steps = produced.map(({ eventId, revision, eventType }) => [eventId, revision, eventType])
  expect(steps).toEqual([
    [event.eventId, 1, drift],
    [event.eventId, 2, ended],
    [added.eventId, 1, 'frontdesk.message.received.v1'],
  ])
})
