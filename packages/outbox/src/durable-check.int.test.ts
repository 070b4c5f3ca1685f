import { encodeEnvelope } from '@frontdesk/bus'
import { durables } from '@frontdesk/contracts'
import type { DurableSpec } from '@frontdesk/contracts'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, effects, keyOf, startHarness } from '../test/harness.ts'
import type { LossyBroker, Process } from '../test/lossy-broker.ts'
import { applyAll, connectProcess, startLossyBroker } from '../test/lossy-broker.ts'
import { writeMark } from './broker-marks.ts'
import { consumeDurables } from './consume-durables.ts'
import { checkDurable } from './durable-check.ts'
import type { NewEvent } from './events.ts'
import type { Outbox } from './outbox.ts'
import { createOutbox } from './outbox.ts'
import { brokerMarks, inbox, outbox as outboxTable } from './tables.ts'
import { makeNewEvent, receive } from './testing.ts'

const booking = durables.find(({ name }) => name === 'booking') as DurableSpec
const withinMs = { timeoutMs: 60_000, intervalMs: 100 }

let harness: Harness
let broker: LossyBroker
let process: Process
let outbox: Outbox
beforeAll(async () => {
  harness = await startHarness()
  broker = await startLossyBroker()
  process = await connectProcess(broker.url)
})
afterAll(async () => {
  await process[Symbol.asyncDispose]()
  await broker[Symbol.asyncDispose]()
  await harness[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await broker.loseEverything()
  await applyAll(broker.url)
  for (const table of [effects, inbox, outboxTable, brokerMarks]) await harness.database.orm.delete(table)
  await process.bus.connected()
})

const newEvents = (count: number) => Array.from({ length: count }, () => makeNewEvent())
const keysOf = (events: readonly NewEvent[]) => events.map((event) => keyOf(receive(event))).toSorted()

function publish(events: readonly NewEvent[]) {
  return append(harness.database, outbox, events)
}

function check() {
  const { database } = harness
  return checkDurable({ database, bus: process.bus, handler: harness.handler(), clock: () => new Date() }, booking)
}

function consume(checkIntervalMs = 3_600_000) {
  const { bus, telemetry } = process
  return consumeDurables({ database: harness.database, bus, telemetry, service: 'booking', handler: harness.handler(), checkIntervalMs })
}

async function haveEffect(events: readonly NewEvent[]): Promise<void> {
  await eventually(async () => expect((await harness.effects()).toSorted()).toEqual(keysOf(events)), withinMs)
}

async function withOutbox(work: () => Promise<void>): Promise<void> {
  const { bus, telemetry } = process
  await using given = createOutbox({ database: harness.database, bus, telemetry, source: 'frontdesk/test', sweepIntervalMs: 100 })
  outbox = given
  await work()
}

async function createdAt(): Promise<string | undefined> {
  const manager = await process.bus.manager()
  const info = await manager.consumers.info('COMPANY', 'booking').catch(() => undefined)
  return info?.created
}

test('a durable that stands above the end of its stream is made anew, keeps its limits, and takes what is published next', async () => {
  await withOutbox(async () => {
    const kept = newEvents(10)
    const lost = newEvents(40)
    await using _consumption = consume()
    await publish(kept)
    await haveEffect(kept)
    const manager = await process.bus.manager()
    await manager.consumers.update('COMPANY', 'booking', { max_ack_pending: 77 })
    await broker.saveMessages('COMPANY')
    await process.bus.connected()
    await publish(lost)
    await haveEffect([...kept, ...lost])
    const before = await process.metric('durables_recreated_total', 'durable="booking",reason="ahead"')
    await broker.loseNewerMessages('COMPANY')
    await eventually(
      async () => expect(await process.metric('durables_recreated_total', 'durable="booking",reason="ahead"')).toBe(before + 1),
      withinMs,
    )
    const next = newEvents(30)
    await publish(next)
    await haveEffect([...kept, ...lost, ...next])
    const { config } = await (await process.bus.manager()).consumers.info('COMPANY', 'booking')
    expect(config.max_ack_pending).toBe(77)
  })
})

test('a durable in step is left alone, also after its handler has taken thousands', async () => {
  await withOutbox(async () => {
    await using _consumption = consume(50)
    const events = newEvents(2_000)
    const before = await createdAt()
    for (let start = 0; start < events.length; start += 100) await publish(events.slice(start, start + 100))
    await haveEffect(events)
    expect(await check()).toBeUndefined()
    expect(await createdAt()).toBe(before)
  })
})

test('what can’t be read as an event is put aside once, though its id and type are sound: the durable stays', async () => {
  await using _consumption = consume()
  expect(await check()).toBeUndefined()
  const before = await createdAt()
  const { envelope, subject } = receive(makeNewEvent())
  const headers = encodeEnvelope(envelope)
  headers.set('ce-time', 'yesterday')
  await (await process.bus.manager()).jetstream().publish(subject, 'no payload', { headers })
  await eventually(async () => expect(await harness.inboxRows()).toMatchObject([{ eventType: 'undecodable' }]), withinMs)
  const manager = await process.bus.manager()
  await eventually(async () => expect((await manager.consumers.info('COMPANY', 'booking')).ack_floor.stream_seq).toBe(1))
  expect([await check(), await check()]).toEqual([undefined, undefined])
  expect(await createdAt()).toBe(before)
})

test('what a filter took in only lately was rightly passed over before', async () => {
  await withOutbox(async () => {
    await writeMark(harness.database, 'durable', 'COMPANY/booking', { filterSubjects: ['company.*.call.ended'] }, new Date(0))
    // Settled by nobody of ours: as if the filter had not taken them.
    const manager = await process.bus.manager()
    await using _drain = process.bus.consume({
      stream: 'COMPANY',
      durable: 'booking',
      handle: (events) => Promise.resolve(events.map(() => ({ kind: 'ack' }) as const)),
    })
    await publish(newEvents(20))
    await eventually(async () => expect((await manager.consumers.info('COMPANY', 'booking')).ack_floor.stream_seq).toBe(20))
    expect(await check()).toBeUndefined()
    // The filter is now the one of the last check, and what comes from here on has to be in the inbox.
    await publish(newEvents(1))
    await eventually(async () => expect((await manager.consumers.info('COMPANY', 'booking')).ack_floor.stream_seq).toBe(21))
    expect(await check()).toBe('skipped')
  })
})

test('a durable that is not as the contracts have it is left alone, one that is missing is created only by who deleted it', async () => {
  const manager = await process.bus.manager()
  await manager.consumers.update('COMPANY', 'booking', { max_deliver: 3 })
  const before = await createdAt()
  expect(await check()).toBeUndefined()
  expect(await createdAt()).toBe(before)

  await manager.consumers.delete('COMPANY', 'booking')
  expect(await check()).toBeUndefined()
  expect(await createdAt()).toBeUndefined()

  await writeMark(harness.database, 'durable', 'COMPANY/booking', { filterSubjects: [], recreating: true }, new Date())
  expect(await check()).toBe('missing')
  expect(await createdAt()).toBeDefined()
  expect(await check()).toBeUndefined()
})
