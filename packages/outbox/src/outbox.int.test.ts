import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Bus } from '@frontdesk/bus'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { withTransaction } from '@frontdesk/database'
import type { NatsServer } from '@frontdesk/testing'
import { eventually, freePort, startNats } from '@frontdesk/testing'
import { withSpan } from '@frontdesk/telemetry'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, busWithoutBroker, effects, messagesIn, openAnother, outboxRow, startHarness } from '../test/harness.ts'
import type { OutboxOptions } from './outbox.ts'
import { createOutbox } from './outbox.ts'
import { inbox, outbox as outboxTable } from './tables.ts'
import { makeNewEvent, readOutbox, testEventId } from './testing.ts'

let harness: Harness
let nats: NatsServer
let bus: Bus
beforeAll(async () => {
  harness = await startHarness()
  nats = await startNats()
  bus = connectBus({ servers: nats.url, name: 'outbox-test', telemetry: harness.telemetry })
  await bus.connected()
  await applyStreams(bus)
})
afterAll(async () => {
  await bus[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
  await harness[Symbol.asyncDispose]()
})
beforeEach(async () => {
  for (const table of [effects, inbox, outboxTable]) await harness.database.orm.delete(table)
})

/** A sweeper that never comes round by itself, unless asked for. */
function makeOutbox(options: Partial<OutboxOptions> = {}) {
  const { database, telemetry } = harness
  return createOutbox({ database, bus, telemetry, source: 'frontdesk/test', sweepIntervalMs: 3_600_000, ...options })
}

const newEvents = (count: number) => Array.from({ length: count }, () => makeNewEvent())

async function allPublished() {
  await eventually(async () => {
    const rows = await harness.outboxRows()
    expect(rows.filter((row) => row.publishedAt === null)).toEqual([])
  })
}

async function idsIn(of: Bus, stream = 'COMPANY') {
  return (await messagesIn(of, stream)).map((message) => message.id)
}

test('events are published right after their commit, once each, and their rows keep stream and sequence', async () => {
  await using outbox = makeOutbox()
  const events = newEvents(150)
  await append(harness.database, outbox, events)
  await allPublished()
  const messages = await messagesIn(bus, 'COMPANY')
  const ids = new Set<string>(events.map((event) => event.id))
  expect(messages.filter((message) => ids.has(message.id))).toHaveLength(150)
  const manager = await bus.manager()
  for (const row of (await harness.outboxRows()).slice(0, 5)) {
    const stored = await manager.streams.getMessage(row.stream ?? '', { seq: Number(row.streamSeq) })
    expect(stored?.header.get('ce-id')).toBe(row.eventId)
  }
  expect(await outbox.unpublished()).toBe(0)
})

test('what is rolled back is never published', async () => {
  await using outbox = makeOutbox()
  const undone = makeNewEvent()
  const failed = withTransaction(harness.database, async (tx) => {
    await outbox.append(tx, [undone])
    throw new Error('changed my mind')
  })
  await expect(failed).rejects.toThrow('changed my mind')
  await append(harness.database, outbox, newEvents(1))
  await allPublished()
  expect(await idsIn(bus)).not.toContain(undone.id)
})

test('a published event carries its whole envelope and the trace in which it was appended', async () => {
  await using outbox = makeOutbox()
  const event = makeNewEvent({ confidence: 0.987, causationId: 'cause', entityId: 'call_äöü', revision: 2 })
  let traceId = ''
  await withSpan('test', {}, async (span) => {
    traceId = span.spanContext().traceId
    await append(harness.database, outbox, [event])
  })
  await allPublished()
  const message = (await messagesIn(bus, 'COMPANY')).at(-1)
  expect(message?.id).toBe(`${event.id}.2`)
  expect(message?.header('ce-companyid')).toBe(event.companyId)
  expect(message?.header('ce-source')).toBe('frontdesk/test')
  expect(message?.header('traceparent')).toContain(traceId)
  expect(await readOutbox(harness.database)).toMatchObject([{ ...event, body: Buffer.from(event.body) }])
})

test('a process that dies between commit and publish loses nothing: the sweeper publishes it', async () => {
  const child = spawn(process.execPath, [new URL('../test/commit-then-die.ts', import.meta.url).pathname, harness.url])
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal, complaints).toBe('SIGKILL')
  expect(await harness.effects()).toEqual(['committed'])

  await using _outbox = makeOutbox({ sweepIntervalMs: 20, clock: () => new Date(Date.now() + 10_000) })
  await eventually(async () => expect(await idsIn(bus)).toContain(testEventId('crash')))
  await allPublished()
})

test('rows wait while the broker is away, what the queue cannot hold goes to the sweeper, and all arrive', async () => {
  const port = await freePort()
  await using lateBus = connectBus({ servers: `nats://127.0.0.1:${port}`, name: 'late', telemetry: harness.telemetry })
  await using outbox = makeOutbox({ bus: lateBus, queueLimit: 30, sweepIntervalMs: 50, sweepAgeMs: 200 })
  const events = newEvents(100)
  await append(harness.database, outbox, events.slice(0, 60))
  await append(harness.database, outbox, events.slice(60))
  expect(await outbox.unpublished()).toBe(100)
  const { body } = await harness.telemetry.metrics.render()
  expect(body).toMatch(/frontdesk_outbox_left_to_sweeper_total\{reason="overflow"\} 70/)
  expect(body).toMatch(/frontdesk_outbox_unpublished 100/)

  await using _late = await startNats({ port })
  await lateBus.connected()
  await applyStreams(lateBus)
  await allPublished()
  expect((await idsIn(lateBus)).toSorted()).toEqual(events.map((event) => event.id as string).toSorted())
})

test('events appended while the broker restarts arrive once it is back', async () => {
  const port = await freePort()
  let server = await startNats({ port })
  await using restartBus = connectBus({ servers: server.url, name: 'restart', telemetry: harness.telemetry, publishTimeoutMs: 300 })
  await restartBus.connected()
  await applyStreams(restartBus)
  await using outbox = makeOutbox({ bus: restartBus, sweepIntervalMs: 50, sweepAgeMs: 100 })
  const events = newEvents(60)
  await append(harness.database, outbox, events.slice(0, 20))
  await allPublished()
  await server.kill()
  await append(harness.database, outbox, events.slice(20, 40))
  server = await startNats({ port, storeDir: server.storeDir })
  await append(harness.database, outbox, events.slice(40))
  await allPublished()
  const ids = new Set(await idsIn(restartBus))
  // What a broker that died had acknowledged and lost is for the refill to bring back.
  for (const event of events.slice(20)) expect(ids).toContain(event.id)
  await server[Symbol.asyncDispose]()
})

test('a row that is too large backs off alone, and those around it are published', async () => {
  await using outbox = makeOutbox({ sweepIntervalMs: 20, sweepAgeMs: 0 })
  const tooLarge = makeNewEvent({ body: new Uint8Array(1_500_000) })
  await append(harness.database, outbox, [makeNewEvent(), tooLarge, makeNewEvent()])
  const row = await eventually(async () => {
    const found = await outboxRow(harness.database, tooLarge)
    expect(found?.attempts).toBeGreaterThan(0)
    return found
  })
  expect(row?.lastError).toMatch(/^too_large/)
  expect(row?.publishedAt).toBeNull()
  expect(row?.nextAttemptAt.getTime()).toBeGreaterThan(Date.now() + 500)
  await eventually(async () => expect(await outbox.unpublished()).toBe(1))
  await append(harness.database, outbox, newEvents(3))
  await eventually(async () => expect(await outbox.unpublished()).toBe(1))
  const complaint = harness.telemetry.lines.find((line) => line['eventId'] === tooLarge.id)
  expect(complaint).toMatchObject({ level: 'error', reason: 'too_large' })
  await harness.database.orm.delete(outboxTable)
})

test('disposing publishes what is queued', async () => {
  const events = newEvents(300)
  {
    await using outbox = makeOutbox()
    await append(harness.database, outbox, events)
  }
  const rows = await harness.outboxRows()
  expect(rows.filter((row) => row.publishedAt === null)).toEqual([])
})

test('disposing does not wait for a broker that is away', async () => {
  await using away = busWithoutBroker(harness.telemetry)
  const outbox = makeOutbox({ bus: away })
  await append(harness.database, outbox, newEvents(3))
  const startedAt = performance.now()
  await outbox[Symbol.asyncDispose]()
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  expect(await outbox.unpublished()).toBe(3)
})

test('appending from several connections at once marks each row as itself', async () => {
  await using another = openAnother(harness.url, harness.telemetry)
  await using outbox = makeOutbox()
  await using rival = makeOutbox({ database: another })
  const batches = Array.from({ length: 20 }, () => newEvents(9))
  await Promise.all(batches.map((batch, index) => (index % 2 ? append(harness.database, outbox, batch) : append(another, rival, batch))))
  await allPublished()
  const manager = await bus.manager()
  const rows = await harness.outboxRows()
  const stored = await Promise.all(rows.map((row) => manager.streams.getMessage(row.stream ?? '', { seq: Number(row.streamSeq) })))
  expect(stored.map((message) => message?.header.get('ce-id'))).toEqual(rows.map((row) => row.eventId))
})
