import { AttributedEvent, newId, ReplayState } from '@frontdesk/contracts'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, retellApiKey, startHarness } from './harness.ts'
import { type Replays, startReplays } from './replays.ts'

const owned = new AsyncDisposableStack()
const calls = 60
let harness: Harness
let replays: Replays
let since: Date
beforeAll(async () => {
  harness = owned.use(await startHarness())
  replays = owned.use(await startReplays(harness))
  since = new Date(Date.now() - 1_000)
  await Promise.all(Array.from({ length: calls }, (_, index) => sendCall(`call_${index}`)))
  await replays.allPublished()
}, 30_000)
afterAll(() => owned.disposeAsync())

async function sendCall(callId: string) {
  const { body } = retellWebhook('call_started', { call: { call_id: callId } })
  await harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, retellApiKey, Date.now()) })
}

const eventOf = async (entityId: string) => (await harness.ledger.listEvents({ entityId })).events[0]?.eventId ?? ''

test('an event is sent again unchanged on the bulk lane, each time it is asked for, and who asked is kept', async () => {
  const eventIds = [await eventOf('call_3'), await eventOf('call_4')]
  for (const _ of [1, 2]) {
    // Within the time in which the broker takes an id that it knows for a duplicate.
    const { matched, replayId } = await replays.start({ selection: { eventIds: [...eventIds, ...eventIds] } })
    expect(matched).toBe(2n)
    expect(await replays.ended(replayId)).toMatchObject({ published: 2n, failed: 0n, caller: 'operator', selection: { eventIds } })
    expect((await replays.sentBy(replayId)).toSorted()).toEqual(eventIds.toSorted())
  }
})

test('a dry run counts what would be sent and sends nothing', async () => {
  const before = (await harness.replays.listReplays({})).replays
  const selection = { receivedFrom: since, eventTypes: ['frontdesk.call.started.v1'] }
  expect(await harness.replays.startReplay({ selection, dryRun: true })).toEqual({
    matched: BigInt(calls),
    matchedMore: false,
    replay: undefined,
  })
  expect(await harness.replays.startReplay({ selection: { ...selection, entityId: 'call_5' }, dryRun: true })).toMatchObject({
    matched: 1n,
  })
  expect((await harness.replays.listReplays({})).replays).toEqual(before)
})

test('a window is sent whole, in the order in which it came, and not faster than asked', async () => {
  const begun = performance.now()
  const { matched, replayId } = await replays.start({ selection: { provider: 'retell', receivedFrom: since }, eventsPerSecond: 50 })
  expect(matched).toBe(BigInt(calls))
  expect(await replays.ended(replayId)).toMatchObject({ published: BigInt(calls), matched: BigInt(calls), eventsPerSecond: 50 })
  expect(performance.now() - begun).toBeGreaterThan((calls / 50) * 1_000 - 100)
  expect(new Set(await replays.sentBy(replayId)).size).toBe(calls)
})

test('a cancelled replay stops, and ends once', async () => {
  const { replayId } = await replays.start({ selection: { receivedFrom: since }, eventsPerSecond: 10 })
  await eventually(async () => expect((await harness.replays.getReplay({ replayId })).replay?.published).toBeGreaterThan(2n))
  const { replay } = await harness.replays.cancelReplay({ replayId })
  expect(replay).toMatchObject({ state: ReplayState.CANCELLED, endedAt: expect.any(Date) })
  expect((await harness.replays.cancelReplay({ replayId })).replay?.endedAt).toEqual(replay?.endedAt)
  // The next one runs only when the worker has let go of this one.
  const { replayId: next } = await replays.start({ selection: { eventIds: [await eventOf('call_1')] } })
  await replays.ended(next)
  expect((await replays.sentBy(replayId)).length).toBeLessThan(calls / 2)
  await expect(harness.replays.cancelReplay({ replayId: next })).rejects.toMatchObject({ code: 'failed_precondition' })
})

test('an ingress that stopped in the middle goes on from its last batch', async () => {
  const { replayId } = await replays.start({ selection: { receivedFrom: since }, eventsPerSecond: 30 })
  const { replays: before } = harness
  await eventually(async () => expect((await before.getReplay({ replayId })).replay?.published).toBeGreaterThan(5n))
  await harness.restart()
  expect(await replays.ended(replayId)).toMatchObject({ published: BigInt(calls) })
  const sent = await replays.sentBy(replayId)
  expect([sent.length, new Set(sent).size]).toEqual([calls, calls])
}, 30_000)

test('a company’s events are sent, as far as its decisions are on their newest revisions', async () => {
  const companyId = newId('cmp')
  const decided = await Promise.all(['call_7', 'call_8', 'call_9'].map(async (callId) => ({ eventId: await eventOf(callId), revision: 1 })))
  const [seventh, eighth, ninth] = decided.map(({ eventId }) => eventId)
  const earlier = { eventId: ninth ?? '', revision: 2 }
  harness.attribution.list(async ({ pageToken }) =>
    pageToken === ''
      ? { events: decided.slice(0, 1).map(toAttributed), nextPageToken: 'more' }
      : { events: [...decided.slice(1, 2), earlier].map(toAttributed) },
  )
  const selection = { companyId, receivedFrom: since, provider: 'retell' }
  expect(await harness.replays.startReplay({ selection, dryRun: true })).toMatchObject({ matched: 2n })
  const { matched, replayId } = await replays.start({ selection })
  expect(matched).toBe(2n)
  expect(await replays.ended(replayId)).toMatchObject({ published: 2n, selection: { companyId } })
  expect((await replays.sentBy(replayId)).toSorted()).toEqual([seventh, eighth].toSorted())
  expect(harness.attribution.listed.at(-1)).toMatchObject({ companyId, provider: 'retell', pageToken: 'more' })
  // What the ledger alone knows counts, too.
  expect(await harness.replays.startReplay({ selection: { ...selection, entityId: 'call_8' }, dryRun: true })).toMatchObject({
    matched: 1n,
  })
  harness.attribution.list()
  expect(await harness.replays.startReplay({ selection, dryRun: true })).toMatchObject({ matched: 0n })
})

const toAttributed = (decision: { eventId: string; revision: number }) => AttributedEvent.fromPartial(decision)

test('replays are listed from the newest to the oldest', async () => {
  const first = await harness.replays.listReplays({ pageSize: 2 })
  const second = await harness.replays.listReplays({ pageSize: 200, pageToken: first.nextPageToken })
  const ids = [...first.replays, ...second.replays].map(({ replayId }) => replayId)
  expect(ids).toEqual([...new Set(ids)].toSorted().toReversed())
  expect(ids.length).toBeGreaterThan(4)
})

test('what can’t be replayed is refused by its name', async () => {
  const day = 86_400_000
  const unknown = '0'.repeat(64)
  const refused = [
    ['selection', {}],
    ['event_ids', { selection: { eventIds: ['x'] } }],
    ['event_ids', { selection: { eventIds: Array.from({ length: 101 }, () => unknown) } }],
    ['not both', { selection: { eventIds: [unknown], provider: 'retell' } }],
    ['received_from', { selection: { provider: 'retell' } }],
    ['received_from', { selection: { receivedFrom: new Date(Date.now() + day) } }],
    ['14 days', { selection: { receivedFrom: new Date(Date.now() - 31 * day) } }],
    ['company_id', { selection: { receivedFrom: since, companyId: 'cmp_1' } }],
    ['events_per_second', { selection: { receivedFrom: since }, eventsPerSecond: 2_001 }],
    ['provider', { selection: { receivedFrom: since, provider: 'R' } }],
  ] as const
  for (const [said, request] of refused) {
    const error: unknown = await harness.replays
      .startReplay(request as Parameters<typeof harness.replays.startReplay>[0])
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining(said) })
  }
  await expect(harness.replays.startReplay({ selection: { eventIds: [unknown] } })).rejects.toMatchObject({ code: 'not_found' })
  await expect(harness.replays.getReplay({ replayId: newId('rpl') })).rejects.toMatchObject({ code: 'not_found' })
  await expect(harness.replays.cancelReplay({ replayId: 'rpl_1' })).rejects.toMatchObject({ code: 'invalid_argument' })
  await expect(harness.replays.listReplays({ pageToken: 'x' })).rejects.toMatchObject({ code: 'invalid_argument' })
})
