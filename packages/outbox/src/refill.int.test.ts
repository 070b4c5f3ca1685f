import { setTimeout as pause } from 'node:timers/promises'
import { readStored } from '@frontdesk/bus'
import { withDatabaseLock } from '@frontdesk/database'
import { eventually } from '@frontdesk/testing'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, effects, messagesIn, openAnother, startHarness } from '../test/harness.ts'
import { applyAll, connectProcess } from '../test/lossy-broker.ts'
import { consumeWith, haveEffect, keysOf, newEvents, outboxOf, published, startScene, withinMs } from '../test/refill-scene.ts'
import { readMark } from './broker-marks.ts'
import type { NewEvent } from './events.ts'
import { brokerMarks, inbox, outbox as outboxTable } from './tables.ts'

/** Two services that publish, and one that consumes, each with a database of its own. */
let one: Harness
let two: Harness
let consumer: Harness
beforeAll(async () => {
  ;[one, two, consumer] = await Promise.all([startHarness(), startHarness(), startHarness()])
})
afterAll(async () => {
  for (const harness of [one, two, consumer]) await harness[Symbol.asyncDispose]()
})
beforeEach(async () => {
  for (const { database } of [one, two, consumer]) {
    for (const table of [effects, inbox, outboxTable, brokerMarks]) await database.orm.delete(table)
  }
})

test('the last 100 messages are lost and another service publishes 150 first: all have their effect once, new ones too', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using consuming = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing)
  const first = newEvents(300)
  const later = newEvents(60)
  const unhandled = newEvents(40)
  const others = newEvents(150)
  const fresh = newEvents(20)
  {
    await using _consumption = consumeWith(consumer, consuming)
    await append(one.database, outbox, first)
    await haveEffect(consumer, first)
    await broker.saveMessages('COMPANY')
    await append(one.database, outbox, later)
    await haveEffect(consumer, [...first, ...later])
  }
  // The broker has acknowledged these, and nobody has taken them.
  await append(one.database, outbox, unhandled)
  await published(one, 400)
  await broker.loseNewerMessages('COMPANY', async (url) => {
    await using elsewhere = await connectProcess(url)
    await using other = outboxOf(two, elsewhere)
    await append(two.database, other, others)
    await published(two, 150)
  })
  const backAtMs = performance.now()
  await using _consumption = consumeWith(consumer, consuming)
  await append(one.database, outbox, fresh)
  const all = [...first, ...later, ...unhandled, ...others, ...fresh]
  await haveEffect(consumer, all)
  expect(performance.now() - backAtMs).toBeLessThan(60_000)
  expect(await publishing.metric('outbox_refills_total', 'stream="COMPANY",reason="lost"')).toBe(1)
  expect(await publishing.metric('outbox_refilled_total')).toBe(100)
  // The 60 of the others that stand where it had settled what is gone.
  expect(await consuming.metric('durables_recreated_total', 'durable="booking",reason="skipped"')).toBe(1)
  expect(publishing.telemetry.lines.filter(({ msg }) => /is refilled from the outbox/.test(String(msg)))).toMatchObject([
    { stream: 'COMPANY', reason: 'lost', after: 300 },
  ])
  expect(await consumer.effects()).toHaveLength(all.length)
}, 120_000)

test('a broker loses everything under load: what was acknowledged has its effect once, as soon as there are streams again', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using publishingToo = await connectProcess(broker.url)
  await using consuming = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing)
  await using other = outboxOf(two, publishingToo)
  await using _consumption = consumeWith(consumer, consuming)
  const all: NewEvent[] = []
  let loading = true
  const load = async (harness: Harness, into: typeof outbox) => {
    while (loading) {
      const events = newEvents(50)
      await append(harness.database, into, events)
      all.push(...events)
      await pause(20)
    }
  }
  const loads = Promise.all([load(one, outbox), load(two, other)])
  await eventually(async () => expect((await consumer.effects()).length).toBeGreaterThan(1_000), withinMs)
  await broker.loseEverything()
  const countedBefore = all.length
  await eventually(() => expect(all.length).toBeGreaterThan(countedBefore + 500), withinMs)
  await applyAll(broker.url)
  // The traffic goes on: no check may need a moment without any.
  const accepted = keysOf(all)
  await eventually(async () => {
    const done = new Set(await consumer.effects())
    expect(accepted.filter((key) => !done.has(key))).toEqual([])
  }, withinMs)
  expect(await publishing.metric('outbox_refills_total', 'stream="COMPANY",reason="lost"')).toBe(1)
  loading = false
  await loads
  await haveEffect(consumer, all)
  expect(await consumer.effects()).toHaveLength(all.length)
  expect(await publishing.metric('outbox_refills_total', 'stream="COMPANY",reason="lost"')).toBe(1)
  const fresh = newEvents(10)
  await append(one.database, outbox, fresh)
  await haveEffect(consumer, [...all, ...fresh])
}, 120_000)

test('under live traffic no check takes for lost what is being published', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing, { refillIntervalMs: 5 })
  for (let batch = 0; batch < 60; batch++) await append(one.database, outbox, newEvents(50))
  await published(one, 3_000)
  expect(await publishing.metric('outbox_refills_total')).toBe(0)
  expect(await messagesIn(publishing.bus, 'COMPANY')).toHaveLength(3_000)
}, 60_000)

test('under live traffic the checks go on: what is written down of the stream is young', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing, { refillIntervalMs: 50 })
  await using _consumption = consumeWith(consumer, publishing)
  let flowing = true
  const traffic = (async () => {
    while (flowing) {
      await append(one.database, outbox, newEvents(2))
      await pause(20)
    }
  })()
  const floor = async () => (await readMark(one.database, 'stream', 'COMPANY'))?.mark.floors['booking'] ?? 0
  try {
    await eventually(async () => expect(await floor()).toBeGreaterThan(0))
    const before = await floor()
    await eventually(async () => expect(await floor()).toBeGreaterThan(before))
  } finally {
    flowing = false
    await traffic
  }
})

test('what every durable had settled at the last check is not published again, and what the next stream loses is', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using consuming = await connectProcess(broker.url)
  const events = newEvents(200)
  {
    await using outbox = outboxOf(one, publishing, { refillIntervalMs: 100 })
    await using _consumption = consumeWith(consumer, consuming)
    await append(one.database, outbox, events)
    await haveEffect(consumer, events)
    await eventually(async () =>
      expect((await readMark(one.database, 'stream', 'COMPANY'))?.mark.floors).toMatchObject({
        booking: 200,
        billing: 200,
        'messaging-bulk': 200,
      }),
    )
  }
  await broker.loseEverything()
  await applyAll(broker.url)
  await using outbox = outboxOf(one, publishing)
  await eventually(async () => expect(await publishing.metric('outbox_refills_total', 'reason="lost"')).toBe(1))
  await eventually(async () => expect((await one.outboxRows()).every(({ streamSeq }) => streamSeq === 0n)).toBe(true))
  expect(await publishing.metric('outbox_refilled_total')).toBe(0)
  expect(await one.outboxRows()).toHaveLength(200)

  const next = newEvents(30)
  await append(one.database, outbox, next)
  await published(one, 230)
  await broker.loseEverything()
  await applyAll(broker.url)
  await using _consumption = consumeWith(consumer, consuming)
  await haveEffect(consumer, [...events, ...next])
  expect(await publishing.metric('outbox_refilled_total')).toBe(30)
})

test('what is older than the stream keeps anything is not published again', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  const old = newEvents(5)
  const young = newEvents(5)
  const eightDaysAgo = new Date(Date.now() - 8 * 24 * 60 * 60 * 1_000)
  {
    await using outbox = outboxOf(one, publishing)
    await append(one.database, outbox, old)
    await published(one, 5)
    await append(one.database, outbox, young)
    await published(one, 10)
  }
  for (const { id } of (await one.outboxRows()).slice(0, 5)) {
    await one.database.orm.update(outboxTable).set({ publishedAt: eightDaysAgo }).where(eq(outboxTable.id, id))
  }
  await broker.loseEverything()
  await applyAll(broker.url)
  await using _outbox = outboxOf(one, publishing)
  await eventually(async () => expect((await messagesIn(publishing.bus, 'COMPANY')).map(({ id }) => id)).toEqual(young.map(({ id }) => id)))
  await eventually(async () =>
    expect((await one.outboxRows()).map(({ streamSeq }) => streamSeq !== 0n)).toEqual([...old.map(() => false), ...young.map(() => true)]),
  )
})

test('a refill that is broken off goes on where it was, and stores nothing twice', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  const events = newEvents(500)
  {
    await using outbox = outboxOf(one, publishing)
    await append(one.database, outbox, events)
    await published(one, 500)
  }
  await broker.loseEverything()
  await applyAll(broker.url)
  {
    await using _slow = outboxOf(one, publishing, { refillRatePerSecond: 500 })
    await eventually(async () => expect(await publishing.metric('outbox_refilled_total')).toBeGreaterThanOrEqual(100))
  }
  expect(await publishing.metric('outbox_refilled_total')).toBeLessThan(500)
  // A crash that kept the rows of a batch from being moved: it is published again, under the same message ids.
  const moved = await one.outboxRows()
  await one.database.orm
    .update(outboxTable)
    .set({ streamSeq: 90n, publishedAt: moved[499]?.publishedAt ?? null })
    .where(eq(outboxTable.id, moved[89]?.id ?? 0n))
  await using _outbox = outboxOf(one, publishing)
  await eventually(async () => expect((await readMark(one.database, 'stream', 'COMPANY'))?.mark.refill).toBeUndefined(), withinMs)
  const messages = await messagesIn(publishing.bus, 'COMPANY')
  expect(messages.every(({ subject }) => subject.startsWith('bulk.company.'))).toBe(true)
  expect(messages.map(({ id }) => id).toSorted()).toEqual(events.map(({ id }) => id as string).toSorted())
})

test('nothing is published over a new connection before the streams were compared with the outbox', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing)
  await append(one.database, outbox, newEvents(3))
  await published(one, 3)
  await using another = openAnother(one.url, publishing.telemetry)
  const held = Promise.withResolvers<void>()
  const holding = withDatabaseLock(another, 'outbox-check', () => held.promise, { waitMs: 1_000 })
  await broker.loseEverything()
  await applyAll(broker.url)
  await publishing.bus.connected()
  await append(one.database, outbox, newEvents(2))
  // The sweeper comes round several times meanwhile.
  const appendedAtMs = performance.now()
  await eventually(() => expect(performance.now() - appendedAtMs).toBeGreaterThan(1_000))
  expect(await messagesIn(publishing.bus, 'COMPANY')).toEqual([])
  held.resolve()
  await holding
  await eventually(async () => expect(await messagesIn(publishing.bus, 'COMPANY')).toHaveLength(5), withinMs)
})

test('a message that is lost among others is published again, and they are not', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing, { refillIntervalMs: 200 })
  const events = newEvents(60)
  await append(one.database, outbox, events)
  await published(one, 60)
  const manager = await publishing.bus.manager()
  await manager.streams.deleteMessage('COMPANY', 10)
  await eventually(async () => expect(await publishing.metric('outbox_refilled_total')).toBe(1))
  const [again, beyond] = await readStored(publishing.bus, 'COMPANY', [61, 62])
  expect(again).toMatchObject({ cloudEventId: events[9]?.id, subject: expect.stringMatching(/^bulk\.company\./) as unknown })
  expect(beyond).toBeUndefined()
  await eventually(async () => expect((await readMark(one.database, 'stream', 'COMPANY'))?.mark).not.toHaveProperty('refill'))
  expect((await one.outboxRows())[9]?.streamSeq).toBe(61n)
})
