import type { Bus } from '@frontdesk/bus'
import { applyStreams, connectBus } from '@frontdesk/bus'
import type { NatsServer } from '@frontdesk/testing'
import { eventually, startNats } from '@frontdesk/testing'
import { inArray } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, messagesIn, openAnother, startHarness } from '../test/harness.ts'
import type { Publisher } from './publisher.ts'
import { createPublisher } from './publisher.ts'
import { startSweeper } from './sweeper.ts'
import { outbox } from './tables.ts'
import { makeNewEvent } from './testing.ts'
import { dueIds } from './waiting.ts'

let harness: Harness
let nats: NatsServer
let bus: Bus
beforeAll(async () => {
  harness = await startHarness()
  nats = await startNats()
  bus = connectBus({ servers: nats.url, name: 'sweeper-test', telemetry: harness.telemetry })
  await bus.connected()
  await applyStreams(bus)
})
afterAll(async () => {
  await bus[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
  await harness[Symbol.asyncDispose]()
})

const later = () => new Date(Date.now() + 60_000)
const clearance = () => ({ during: new AbortController().signal })

function sweeperOn(database: Harness['database'], publisher: Publisher) {
  const { telemetry } = harness
  return startSweeper({ database, bus, publisher, telemetry, source: 'frontdesk/test', intervalMs: 3_600_000, clock: later })
}

test('of two sweepers at once only one leads, and each row is published and marked once', async () => {
  await using another = openAnother(harness.url, harness.telemetry)
  const counted: string[] = []
  const counting = (name: string, database: Harness['database']): Publisher => {
    const publisher = createPublisher({ database, bus, telemetry: harness.telemetry, clock: later, clearance })
    return {
      ...publisher,
      publish: (rows, by) => {
        counted.push(...rows.map((row) => `${name} ${row.id}`))
        return publisher.publish(rows, by)
      },
    }
  }
  const events = Array.from({ length: 600 }, () => makeNewEvent())
  await append(harness.database, harness.unpublished, events)
  await using first = sweeperOn(harness.database, counting('first', harness.database))
  await using second = sweeperOn(another, counting('second', another))
  const results = await Promise.all([first.sweep(), second.sweep(), first.sweep(), second.sweep()])

  expect(results.reduce<number>((sum, swept) => sum + (swept ?? 0), 0)).toBe(600)
  expect(new Set(counted.map((entry) => entry.split(' ')[1])).size).toBe(600)
  expect(counted).toHaveLength(600)
  const rows = await harness.outboxRows()
  expect(rows.every((row) => row.publishedAt !== null && row.stream === 'COMPANY' && row.streamSeq !== null)).toBe(true)
  expect(await messagesIn(bus, 'COMPANY')).toHaveLength(600)
})

test('while one sweeper is at it another leaves it alone', async () => {
  await using another = openAnother(harness.url, harness.telemetry)
  await append(harness.database, harness.unpublished, [makeNewEvent()])
  const gate = Promise.withResolvers<void>()
  const publisher = createPublisher({ database: harness.database, bus, telemetry: harness.telemetry, clock: later, clearance })
  let began = false
  const slow: Publisher = {
    ...publisher,
    publish: async (rows, by) => {
      began = true
      await gate.promise
      return publisher.publish(rows, by)
    },
  }
  await using first = sweeperOn(harness.database, slow)
  await using second = sweeperOn(another, publisher)
  const leading = first.sweep()
  await eventually(() => expect(began).toBe(true))
  expect(await second.sweep()).toBeUndefined()
  gate.resolve()
  expect(await leading).toBe(1)
  expect(await second.sweep()).toBe(0)
})

test('a row is not swept before its time', async () => {
  await append(harness.database, harness.unpublished, [makeNewEvent()])
  const { database, telemetry } = harness
  const publisher = createPublisher({ database, bus, telemetry, clock: () => new Date(), clearance })
  const common = { database, bus, publisher, telemetry, source: 'frontdesk/test', intervalMs: 3_600_000 }
  await using early = startSweeper({ ...common, clock: () => new Date() })
  await using late = startSweeper({ ...common, clock: later })
  expect(await early.sweep()).toBe(0)
  expect(await late.sweep()).toBe(1)
})

test('what a release before left without a position although it was published is looked at once, and what waits behind it is swept', async () => {
  const { database } = harness
  const events = Array.from({ length: 601 }, () => makeNewEvent())
  await append(database, harness.unpublished, events)
  const left = (await harness.outboxRows()).filter(({ publishedAt }) => publishedAt === null).slice(0, 600)
  await database.orm
    .update(outbox)
    .set({ publishedAt: new Date() })
    .where(
      inArray(
        outbox.id,
        left.map(({ id }) => id),
      ),
    )
  const publisher = createPublisher({ database, bus, telemetry: harness.telemetry, clock: later, clearance })
  await using sweeper = sweeperOn(database, publisher)
  expect(await sweeper.sweep()).toBe(1)
  expect((await harness.outboxRows()).filter(({ streamSeq }) => streamSeq === 0n).map(({ id }) => id)).toEqual(left.map(({ id }) => id))
  expect(await dueIds(database.orm, later(), 10)).toEqual([])
})
