import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FrontdeskError } from '@frontdesk/errors'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually, freePort, startNats } from '@frontdesk/testing'
import { headers as newHeaders } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { beforeEach, expect, test } from 'vitest'
import { connectBus } from './bus.ts'
import type { Bus } from './bus.ts'
import type { ConsumeOptions } from './consume-options.ts'
import { encodeEnvelope } from './envelope.ts'
import type { ReceivedEvent, UndecodableMessage } from './messages.ts'
import type { Settlement } from './settlement.ts'
import { company, testMessage } from './test-events.ts'
import { applyStreams } from './topology.ts'

const resolver = { stream: 'INGRESS', durable: 'company-resolver' } as const
let telemetry = createTestTelemetry()
let nats: Awaited<ReturnType<typeof startNats>>
let bus: Bus

// A broker each: nothing that one test stored or deduplicated is seen by another.
beforeEach(async () => {
  telemetry = createTestTelemetry()
  nats = await startNats()
  bus = connectBus({ servers: nats.url, name: 'test', telemetry })
  await applyStreams(bus)
  return async () => {
    await bus[Symbol.asyncDispose]()
    await nats[Symbol.asyncDispose]()
  }
})

/** Keeps what it was given, and settles it as told. */
function recorder(settleAs: (event: ReceivedEvent) => Settlement = () => ({ kind: 'ack' })) {
  const batches: ReceivedEvent[][] = []
  const handle: ConsumeOptions['handle'] = async (events) => {
    batches.push(events)
    return events.map(settleAs)
  }
  return { batches, handle, subjects: () => batches.flat().map(({ envelope }) => envelope.subject) }
}

const messages = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => testMessage(from + index))
const infoOf = async (on: Bus = bus) => (await on.manager()).consumers.info(resolver.stream, resolver.durable)
const settledAll = async (on: Bus = bus) => {
  const info = await infoOf(on)
  // The broker acks a message before it counts it as pending.
  expect(info.delivered.consumer_seq).toBeGreaterThan(0)
  expect([info.num_pending, info.num_ack_pending]).toEqual([0, 0])
}
/** A durable that redelivers soon. */
const shortAckWait = async (ackWaitMs: number) =>
  (await bus.manager()).consumers.update(resolver.stream, resolver.durable, { ack_wait: ackWaitMs * 1_000_000 })

test('events come in batches, in the stream’s order, as they were published, and are acked', async () => {
  const sent = messages(0, 500)
  await bus.publish(sent)
  const { batches, handle } = recorder()
  bus.consume({ ...resolver, batchSize: 200, handle })
  await eventually(() => settledAll())
  expect(batches.map((batch) => batch.length)).toEqual([200, 200, 100])
  const events = batches.flat()
  expect(events.map(({ envelope }) => envelope)).toEqual(sent.map(({ envelope }) => envelope))
  expect(events.map(({ streamSequence }) => streamSequence)).toEqual(sent.map((_, index) => BigInt(index + 1)))
  expect(events[0]).toMatchObject({ subject: 'ingress.retell.call.ended', deliveryCount: 1 })
  expect(Buffer.from(events[0]?.body ?? []).equals(Buffer.from(sent[0]?.body ?? []))).toBe(true)
})

test('a single event on a quiet durable is handed over at once, not when a batch is full', async () => {
  const { batches, handle } = recorder()
  bus.consume({ ...resolver, handle })
  await bus.publish(messages(0, 1))
  await eventually(() => expect(batches).toHaveLength(1), { timeoutMs: 1_000 })
  await bus.publish(messages(1, 2))
  await eventually(() => expect(batches).toHaveLength(2), { timeoutMs: 1_000 })
})

test('after a batch that was not full the next one gathers, and after a full one nothing is waited for', async () => {
  const { batches, handle } = recorder()
  bus.consume({ ...resolver, batchSize: 10, gatherMs: 500, handle })
  await bus.publish(messages(0, 1))
  await eventually(() => expect(batches).toHaveLength(1), { timeoutMs: 400 })
  await bus.publish(messages(1, 3))
  await bus.publish(messages(3, 5))
  await eventually(() => expect(batches.map(({ length }) => length)).toEqual([1, 4]))

  await eventually(async () => expect((await infoOf()).num_waiting).toBe(1))
  const begun = performance.now()
  await bus.publish(messages(5, 45))
  await eventually(() => expect(batches.flat()).toHaveLength(45))
  // However many came with the first of them, of the others all but the last batch are full.
  expect(performance.now() - begun).toBeLessThan(1_200)
})

test('nothing is acked before its settlement is there', async () => {
  await bus.publish(messages(0, 10))
  const gate = Promise.withResolvers<void>()
  const { batches, handle } = recorder()
  bus.consume({
    ...resolver,
    handle: async (events) => {
      const settlements = await handle(events)
      await gate.promise
      return settlements
    },
  })
  await eventually(() => expect(batches).toHaveLength(1))
  expect((await infoOf()).num_ack_pending).toBe(10)
  gate.resolve()
  await eventually(() => settledAll())
})

test('each event gets its own settlement: acked, dead or again after its delay, with its delivery counted', async () => {
  await bus.publish(messages(0, 4))
  const { batches, handle } = recorder(({ envelope, deliveryCount }) => {
    if (envelope.subject === 'call_1' && deliveryCount < 3) return { kind: 'retry', delayMs: 50 }
    if (envelope.subject === 'call_2') return { kind: 'dead-letter', reason: 'not_found' }
    return { kind: 'ack' }
  })
  bus.consume({ ...resolver, handle })
  await eventually(() => settledAll())
  expect(batches.flat().map(({ envelope, deliveryCount }) => [envelope.subject, deliveryCount])).toEqual([
    ['call_0', 1],
    ['call_1', 1],
    ['call_2', 1],
    ['call_3', 1],
    ['call_1', 2],
    ['call_1', 3],
  ])
  const { body } = await telemetry.metrics.render()
  expect(body).toContain('bus_settlements_total{stream="INGRESS",durable="company-resolver",kind="retry"} 2')
  expect(body).toContain('bus_settlements_total{stream="INGRESS",durable="company-resolver",kind="dead_letter"} 1')
  expect(body).toContain('bus_settlements_total{stream="INGRESS",durable="company-resolver",kind="ack"} 3')
})

test.each([
  ['throws', () => Promise.reject(new FrontdeskError('unavailable', { publicMessage: 'away' }))],
  ['throws for good', () => Promise.reject(new FrontdeskError('not_found', { publicMessage: 'gone' }))],
  [
    'throws at once',
    (): never => {
      throw new Error('no promise')
    },
  ],
  ['settles too few', () => Promise.resolve([])],
] as const)('a handler that %s loses nothing and stops nothing', async (_, fail) => {
  await bus.publish(messages(0, 3))
  let calls = 0
  bus.consume({
    ...resolver,
    handle: async (events) => ((calls += 1) === 1 ? fail() : events.map(() => ({ kind: 'ack' }) as const)),
  })
  await eventually(() => expect(calls).toBe(1))
  await eventually(async () => expect(await infoOf()).toMatchObject({ num_ack_pending: 3, num_pending: 0 }))
  await bus.publish(messages(3, 4))
  await eventually(() => expect(calls).toBe(2))
})

test('a batch that takes longer than the ack wait is not delivered again', async () => {
  await shortAckWait(300)
  await bus.publish(messages(0, 4))
  const gate = Promise.withResolvers<void>()
  const { batches, handle } = recorder()
  const slow: ConsumeOptions['handle'] = async (events) => {
    const settlements = await handle(events)
    await gate.promise
    return settlements
  }
  bus.consume({ ...resolver, batchSize: 4, handle: slow })
  await eventually(() => expect(batches).toHaveLength(1))
  const other = recorder()
  bus.consume({ ...resolver, handle: other.handle })
  // The broker's own clock: an event that it is to deliver again after the ack wait, three times.
  const clock = recorder(({ deliveryCount }) => (deliveryCount <= 3 ? { kind: 'retry', delayMs: 300 } : { kind: 'ack' }))
  bus.consume({ ...resolver, durable: 'company-resolver-bulk', handle: clock.handle })
  await bus.publish([testMessage('clock', { subject: 'bulk.ingress.retell.call.ended' })])
  await eventually(() => expect(clock.batches).toHaveLength(4))
  gate.resolve()
  await eventually(() => settledAll())
  expect(batches).toHaveLength(1)
  expect(other.batches).toEqual([])
})

test('what can not be read is kept and dropped, and holds up nothing', async () => {
  const connection = await connect({ servers: nats.url })
  const foreign = newHeaders()
  foreign.set('ce-id', 'x')
  connection.publish('ingress.retell.call.ended', 'no headers')
  connection.publish('ingress.retell.call.ended', 'foreign', { headers: foreign })
  await connection.flush()
  await connection.close()
  await bus.publish(messages(0, 1))
  const kept: UndecodableMessage[] = []
  const { handle, subjects } = recorder()
  bus.consume({
    ...resolver,
    handle,
    onUndecodable: async (message) => {
      kept.push(message)
    },
  })
  await eventually(() => settledAll())
  expect(subjects()).toEqual(['call_0'])
  expect(kept.map(({ body, streamSequence, error }) => [Buffer.from(body).toString(), streamSequence, error.message])).toEqual([
    ['no headers', 1n, 'ce-specversion is missing'],
    ['foreign', 2n, 'ce-specversion is missing'],
  ])
  expect(kept[1]).toMatchObject({ stream: 'INGRESS', headers: { 'ce-id': ['x'] } })
})

test('an event of a type that only a newer version knows is neither dropped nor put aside, but there for that version', async () => {
  const manager = await bus.manager()
  const unknown = encodeEnvelope(testMessage('new').envelope)
  unknown.set('ce-type', 'frontdesk.call.ended.v2')
  for (const body of ['one', 'two']) await manager.jetstream().publish('ingress.retell.call.ended', body, { headers: unknown })
  await bus.publish(messages(0, 1))
  const kept: UndecodableMessage[] = []
  const { handle, subjects } = recorder()
  bus.consume({ ...resolver, handle, onUndecodable: async (message) => void kept.push(message) })
  await eventually(() => expect(subjects()).toEqual(['call_0']))
  await eventually(async () => expect(await infoOf()).toMatchObject({ num_pending: 0, num_ack_pending: 2, ack_floor: { stream_seq: 0 } }))
  const metric = 'bus_settlements_total{stream="INGRESS",durable="company-resolver",kind="unknown_type"} 2'
  await eventually(async () => expect((await telemetry.metrics.render()).body).toContain(metric))
  expect(kept).toEqual([])
  // One line for the type, not one for each event.
  expect(telemetry.lines.filter(({ eventType }) => eventType === 'frontdesk.call.ended.v2')).toMatchObject([{ retryMs: 300_000 }])
  // The delay is the broker's: after the ack wait it would have come again.
  expect((await infoOf()).num_redelivered).toBe(0)
})

test('what can not be read comes again until it could be kept', async () => {
  const connection = await connect({ servers: nats.url })
  connection.publish('ingress.retell.call.ended', 'junk')
  await connection.flush()
  await connection.close()
  const attempts: number[] = []
  bus.consume({
    ...resolver,
    handle: recorder().handle,
    onUndecodable: async ({ deliveryCount }) => {
      attempts.push(deliveryCount)
      if (deliveryCount === 1) throw new Error('database away')
    },
  })
  await eventually(() => expect(attempts).toEqual([1, 2]))
  await eventually(() => settledAll())
})

test('without anyone to keep it, what can not be read is logged and dropped', async () => {
  const connection = await connect({ servers: nats.url })
  connection.publish('ingress.retell.call.ended', 'junk')
  await connection.flush()
  await connection.close()
  bus.consume({ ...resolver, handle: recorder().handle })
  await eventually(() => expect(telemetry.lines.some(({ msg }) => msg === 'a message is no event of ours; it is dropped')).toBe(true))
  await eventually(() => settledAll())
})

test('an event on another company’s subject is not taken for either company’s', async () => {
  const connection = await connect({ servers: nats.url })
  const { envelope } = testMessage(1, { companyId: company })
  connection.publish('company.cmp_01h455vb4pex5vsknk084sn02r.call.analyzed', '{}', { headers: encodeEnvelope(envelope) })
  await connection.flush()
  await connection.close()
  const kept: string[] = []
  const { batches, handle } = recorder()
  bus.consume({
    stream: 'COMPANY',
    durable: 'booking',
    handle,
    onUndecodable: async ({ error }) => void kept.push(error.message),
  })
  await eventually(() => expect(kept).toEqual(['subject and ce-companyid name different companies']))
  expect(batches).toEqual([])
})

test('disposing finishes and acks the batch in hand, and leaves the rest to others at once', async () => {
  await bus.publish(messages(0, 300))
  const gate = Promise.withResolvers<void>()
  const { batches, handle } = recorder()
  const consumption = bus.consume({
    ...resolver,
    batchSize: 100,
    handle: async (events) => {
      const settlements = await handle(events)
      await gate.promise
      return settlements
    },
  })
  await eventually(() => expect(batches).toHaveLength(1))
  const disposed = consumption[Symbol.asyncDispose]()
  gate.resolve()
  await disposed
  await eventually(async () => expect(await infoOf()).toMatchObject({ num_ack_pending: 0, num_pending: 200 }))
  expect(batches).toHaveLength(1)
  const other = recorder()
  bus.consume({ ...resolver, handle: other.handle })
  await eventually(() => expect(other.batches.flat()).toHaveLength(200))
})

test('two replicas share a durable: every event to one of them', async () => {
  const [one, two] = [recorder(), recorder()]
  bus.consume({ ...resolver, batchSize: 10, handle: one.handle })
  bus.consume({ ...resolver, batchSize: 10, handle: two.handle })
  await bus.publish(messages(0, 500))
  await eventually(() => settledAll())
  const subjects = [...one.subjects(), ...two.subjects()]
  expect(new Set(subjects).size).toBe(500)
  expect(subjects).toHaveLength(500)
})

test('with the broker away at the start, and stream and durable made later, consumption begins by itself', async () => {
  const port = await freePort()
  const early = connectBus({ servers: `nats://127.0.0.1:${port}`, name: 'early', telemetry })
  const { handle, subjects } = recorder()
  const consumption = early.consume({ ...resolver, handle })
  await using late = await startNats({ port })
  expect(late.port).toBe(port)
  await eventually(() => expect(telemetry.lines.some(({ msg }) => msg === 'can not consume; trying again')).toBe(true))
  expect((await telemetry.metrics.render()).body).toContain('bus_consumer_up{stream="INGRESS",durable="company-resolver"} 0')
  await applyStreams(early)
  await early.publish(messages(0, 1))
  await eventually(() => expect(subjects()).toEqual(['call_0']))
  expect((await telemetry.metrics.render()).body).toContain('bus_consumer_up{stream="INGRESS",durable="company-resolver"} 1')
  await consumption[Symbol.asyncDispose]()
  await early[Symbol.asyncDispose]()
})

test.each(['durable', 'stream'])('a %s that is deleted and made anew is consumed from again', async (what) => {
  const { handle, subjects } = recorder()
  bus.consume({ ...resolver, handle })
  await bus.publish(messages(0, 1))
  await eventually(() => expect(subjects()).toEqual(['call_0']))
  const manager = await bus.manager()
  if (what === 'durable') await manager.consumers.delete(resolver.stream, resolver.durable)
  else await manager.streams.delete(resolver.stream)
  await eventually(() => expect(telemetry.lines.some(({ msg }) => msg === 'can not consume; trying again')).toBe(true))
  await applyStreams(bus)
  await bus.publish(messages(1, 2))
  await eventually(() => expect(subjects()).toContain('call_1'))
})

test('nothing is lost when the broker is killed again and again while consuming', { timeout: 60_000 }, async () => {
  let server = await startNats()
  const { port, storeDir } = server
  const killed = connectBus({ servers: server.url, name: 'killed', telemetry })
  try {
    await applyStreams(killed)
    await (await killed.manager()).consumers.update(resolver.stream, resolver.durable, { ack_wait: 1_000_000_000 })
    await killed.publish(messages(0, 3_000))
    const seen = new Set<string>()
    const restart = async () => {
      await server.kill()
      server = await startNats({ port, storeDir })
    }
    const restarts: Promise<void>[] = []
    killed.consume({
      ...resolver,
      batchSize: 50,
      handle: async (events) => {
        for (const { envelope } of events) seen.add(envelope.subject)
        const due = seen.size > ([200, 1_000, 2_000][restarts.length] ?? Number.POSITIVE_INFINITY)
        if (due) restarts.push(restart())
        // Once while the batch is in hand, and otherwise while its acks are on their way.
        if (due && restarts.length === 2) await restarts[1]
        return events.map(() => ({ kind: 'ack' }))
      },
    })
    await eventually(() => expect(seen.size).toBe(3_000), { timeoutMs: 30_000 })
    await Promise.all(restarts)
    await eventually(() => settledAll(killed), { timeoutMs: 15_000 })
    expect(restarts).toHaveLength(3)
  } finally {
    await killed[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
})

test('what was handled while the broker was away is acked when it is back, not delivered again', { timeout: 30_000 }, async () => {
  // Stopped, not killed: a killed broker may forget what it delivered in the last moments, and rightly delivers it again.
  const storeDir = await mkdtemp(join(tmpdir(), 'frontdesk-bus-'))
  let server = await startNats({ storeDir })
  const { port } = server
  const away = connectBus({ servers: server.url, name: 'away', telemetry })
  try {
    await applyStreams(away)
    await away.publish(messages(0, 20))
    const gate = Promise.withResolvers<void>()
    const { batches, handle } = recorder()
    away.consume({
      ...resolver,
      handle: async (events) => {
        const settlements = await handle(events)
        await gate.promise
        return settlements
      },
    })
    await eventually(() => expect(batches).toHaveLength(1))
    await server[Symbol.asyncDispose]()
    await eventually(() => expect(away.status()).toBe('connecting'))
    gate.resolve()
    server = await startNats({ port, storeDir })
    await eventually(() => settledAll(away), { timeoutMs: 10_000 })
    expect(batches.flat()).toHaveLength(20)
  } finally {
    await away[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    await rm(storeDir, { recursive: true, force: true })
  }
})
