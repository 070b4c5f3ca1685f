import { eventually } from '@frontdesk/testing'
import { lte } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, effects, startHarness } from '../test/harness.ts'
import { applyAll, connectProcess } from '../test/lossy-broker.ts'
import { consumeWith, haveEffect, newEvents, outboxOf, published, startScene } from '../test/refill-scene.ts'
import { readMark } from './broker-marks.ts'
import { brokerMarks, inbox, outbox as outboxTable } from './tables.ts'

/** A service that publishes, and one that consumes. */
let one: Harness
let consumer: Harness
beforeAll(async () => {
  ;[one, consumer] = await Promise.all([startHarness(), startHarness()])
})
afterAll(async () => {
  for (const harness of [one, consumer]) await harness[Symbol.asyncDispose]()
})
beforeEach(async () => {
  for (const { database } of [one, consumer]) {
    for (const table of [effects, inbox, outboxTable, brokerMarks]) await database.orm.delete(table)
  }
})

const floors = async () => (await readMark(one.database, 'stream', 'COMPANY'))?.mark.floors

/** So many checks begun and ended. */
async function checksPass(count: number): Promise<void> {
  const markedAt = async () => (await readMark(one.database, 'stream', 'COMPANY'))?.markedAt.getTime() ?? 0
  for (let passed = 0; passed <= count; passed++) {
    const before = await markedAt()
    await eventually(async () => expect(await markedAt()).toBeGreaterThan(before))
  }
}

test('what a full stream dropped before a durable had taken it is published again once somebody takes, and not before', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing, { refillIntervalMs: 100 })
  const events = newEvents(50)
  await append(one.database, outbox, events)
  await published(one, 50)
  await eventually(async () => expect(await floors()).toMatchObject({ booking: 0, billing: 50 }))
  const manager = await publishing.bus.manager()
  await manager.streams.update('COMPANY', { max_msgs: 20 })
  await checksPass(5)
  expect(await publishing.metric('outbox_refilled_total')).toBe(0)
  expect(await floors()).toMatchObject({ booking: 0 })
  await manager.streams.update('COMPANY', { max_msgs: -1 })
  await using _consumption = consumeWith(consumer, publishing)
  await haveEffect(consumer, events)
  expect(await publishing.metric('outbox_refilled_total')).toBe(30)
  expect(await publishing.metric('outbox_refills_total', 'stream="COMPANY",reason="fell_behind"')).toBe(1)
})

test('a durable that was never consumed lets no full stream be refilled for ever, nor a loss refill what all have settled', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  const manager = await publishing.bus.manager()
  const filter = 'company.*.call.analyzed'
  await manager.consumers.add('COMPANY', { durable_name: 'abandoned', ack_policy: 'explicit', filter_subject: filter })
  await manager.consumers.add('COMPANY', { durable_name: 'their-probe', ack_policy: 'none', filter_subject: filter })
  const events = newEvents(50)
  let daysLater = 0
  const clock = () => new Date(Date.now() + daysLater * 24 * 60 * 60 * 1_000)
  {
    await using outbox = outboxOf(one, publishing, { refillIntervalMs: 100, clock })
    await using _consumption = consumeWith(consumer, publishing)
    await append(one.database, outbox, events)
    await haveEffect(consumer, events)
    await eventually(async () => expect(await floors()).toMatchObject({ booking: 50 }))
    await manager.streams.update('COMPANY', { max_msgs: 20 })
    await checksPass(5)
    expect(await publishing.metric('outbox_refilled_total')).toBe(0)
    expect(await floors()).toMatchObject({ abandoned: 0 })
    daysLater = 2
    await checksPass(2)
    expect(await floors()).not.toHaveProperty('abandoned')
    expect(await floors()).not.toHaveProperty('their-probe')
  }
  await broker.loseEverything()
  await applyAll(broker.url)
  await using _outbox = outboxOf(one, publishing, { clock })
  await eventually(async () => expect(await publishing.metric('outbox_refills_total', 'reason="lost"')).toBe(1))
  await eventually(async () => expect((await readMark(one.database, 'stream', 'COMPANY'))?.mark).not.toHaveProperty('refill'))
  expect(await publishing.metric('outbox_refilled_total')).toBe(0)
})

test('what left the stream by its age before a durable had taken it is published again, however old', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing, { refillIntervalMs: 100 })
  const events = newEvents(50)
  await append(one.database, outbox, events)
  await published(one, 50)
  await eventually(async () => expect(await floors()).toMatchObject({ booking: 0 }))
  const eightDaysAgo = new Date(Date.now() - 8 * 24 * 60 * 60 * 1_000)
  await one.database.orm.update(outboxTable).set({ publishedAt: eightDaysAgo }).where(lte(outboxTable.streamSeq, 30n))
  await (await publishing.bus.manager()).streams.purge('COMPANY', { seq: 31 })
  await using _consumption = consumeWith(consumer, publishing)
  await haveEffect(consumer, events)
  expect(await publishing.metric('outbox_refills_total', 'reason="fell_behind"')).toBe(1)
})

test('also where all of it has left, and before its service came back the stream has had no other', async () => {
  await using broker = await startScene()
  await using publishing = await connectProcess(broker.url)
  await using outbox = outboxOf(one, publishing, { refillIntervalMs: 100 })
  const events = newEvents(20)
  await append(one.database, outbox, events)
  await published(one, 20)
  await eventually(async () => expect(await floors()).toMatchObject({ booking: 0 }))
  await (await publishing.bus.manager()).streams.purge('COMPANY')
  await checksPass(2)
  await using _consumption = consumeWith(consumer, publishing)
  await haveEffect(consumer, events)
})
