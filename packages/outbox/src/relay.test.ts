import { setImmediate as nextTurn } from 'node:timers/promises'
import { eventually } from '@frontdesk/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { expect, test } from 'vitest'
import type { PendingRow } from './pending-row.ts'
import { messageOf } from './pending-row.ts'
import type { PublishResult } from './publisher.ts'
import type { Relay } from './relay.ts'
import { createRelay } from './relay.ts'
import { makeNewEvent } from './testing.ts'

const row = (id: bigint): PendingRow => ({
  id,
  sweepableAtMs: Number.POSITIVE_INFINITY,
  attempts: 0,
  message: messageOf(makeNewEvent(), 'frontdesk/test'),
})

/** A relay whose broker answers as given, and what it has written down. */
function startRelay(answer: (rows: readonly PendingRow[]) => PublishResult, batchIntervalMs?: number) {
  const recorded: PublishResult[] = []
  let records = 0
  const relay = createRelay({
    bus: { status: () => 'connected' },
    refill: { checked: () => true, whenChecked: () => Promise.resolve() },
    publisher: {
      publish: (rows) => Promise.resolve(answer(rows)),
      record: (results) => {
        records++
        recorded.push(...results)
        return Promise.resolve()
      },
    },
    telemetry: createTestTelemetry(),
    queueLimit: 1_000,
    queueLimitBytes: 1_000_000,
    clock: () => new Date(),
    ...(batchIntervalMs !== undefined && { batchIntervalMs }),
  })
  return { relay, recorded, records: () => records }
}

/** Offers a row at once and each 10 ms, which leaves no moment in which nothing is under way. */
function offerSteadily(relay: Relay): Disposable {
  let id = 1n
  relay.offer([row(id)])
  const timer = setInterval(() => relay.offer([row(++id)]), 10)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

test('under steady traffic the outcomes that there are now are soon written down', async () => {
  const { relay, recorded } = startRelay((rows) => ({
    published: rows.map(({ id }) => ({ id, stream: 'COMPANY', sequence: id })),
    failed: [],
    away: 0,
  }))
  using _steadily = offerSteadily(relay)
  await nextTurn()
  for (let times = 0; times < 3; times++) await relay.recorded()
  expect(recorded.flatMap(({ published }) => published.map(({ id }) => id))).toContain(1n)
}, 2_000)

test('while the broker is away there is nothing to write down', async () => {
  const { relay, records } = startRelay((rows) => ({ published: [], failed: [], away: rows.length }))
  relay.offer([row(1n)])
  await relay.flush(1_000)
  expect(records()).toBe(0)
})

/** A relay that tells how many rows each batch had, and offers so many. */
function startBatches(batchIntervalMs: number) {
  const batches: number[] = []
  const { relay } = startRelay((rows) => {
    batches.push(rows.length)
    return { published: [], failed: [], away: rows.length }
  }, batchIntervalMs)
  const offer = (rows: number) => relay.offer(Array.from({ length: rows }, (_, index) => row(BigInt(index))))
  return { batches, offer }
}

test('what follows a large batch within the interval shares one', async () => {
  const { batches, offer } = startBatches(60_000)
  for (let times = 0; times < 4; times++) {
    offer(20)
    // As far apart as the turns of a busy loop.
    await nextTurn()
  }
  expect(batches).toEqual([20])
})

test('after the interval it is published, after a small batch at once, and where it fills a batch', async () => {
  const { batches, offer } = startBatches(20)
  offer(20)
  await nextTurn()
  offer(21)
  await eventually(() => expect(batches).toEqual([20, 21]))
  const unloaded = startBatches(60_000)
  for (let times = 0; times < 3; times++) {
    unloaded.offer(3)
    await nextTurn()
  }
  expect(unloaded.batches).toEqual([3, 3, 3])
  const full = startBatches(60_000)
  for (let times = 0; times < 3; times++) full.offer(256)
  await eventually(() => expect(full.batches).toEqual([256, 256, 256]))
})
