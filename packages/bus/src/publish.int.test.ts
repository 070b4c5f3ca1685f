import { Socket } from 'node:net'
import { deriveEventId } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually, freePort, startNats } from '@frontdesk/testing'
import { jetstream } from '@nats-io/jetstream'
import type { MsgHdrsImpl } from '@nats-io/nats-core/internal'
import { connect } from '@nats-io/transport-node'
import { beforeEach, expect, test, vi } from 'vitest'
import { connectBus } from './bus.ts'
import type { Bus } from './bus.ts'
import { encodeEnvelope, natsMessageId } from './envelope.ts'
import type { PublishOutcome } from './messages.ts'
import { company, testMessage } from './test-events.ts'
import { applyStreams } from './topology.ts'

const telemetry = createTestTelemetry()
let nats: Awaited<ReturnType<typeof startNats>>
let bus: Bus

// A broker each: nothing that one test stored or deduplicated is seen by another.
beforeEach(async () => {
  nats = await startNats()
  bus = connectBus({ servers: nats.url, name: 'test', telemetry })
  await bus.connected()
  return async () => {
    await bus[Symbol.asyncDispose]()
    await nats[Symbol.asyncDispose]()
  }
})

const failures = (outcomes: readonly PublishOutcome[]) => outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.reason))

test('every message of a batch is stored under its subject with its id, in order', async () => {
  await applyStreams(bus)
  const messages = [testMessage(1), testMessage(2, { companyId: company }), testMessage(3)]
  const outcomes = await bus.publish(messages)
  expect(outcomes).toEqual([
    { ok: true, stream: 'INGRESS', sequence: 1n, duplicate: false },
    { ok: true, stream: 'COMPANY', sequence: 1n, duplicate: false },
    { ok: true, stream: 'INGRESS', sequence: 2n, duplicate: false },
  ])
  const stored = await (await bus.manager()).streams.getMessage('INGRESS', { seq: 2 })
  expect(stored?.subject).toBe('ingress.retell.call.ended')
  expect(stored?.header.get('Nats-Msg-Id')).toBe(`${messages[2]?.envelope.id}:ingress`)
  expect(stored?.data).toEqual(new Uint8Array(messages[2]?.body ?? []))
})

test('a batch of up to 1 MB is one write to the broker', async () => {
  await applyStreams(bus)
  const messages = Array.from({ length: 100 }, (_, index) => ({ ...testMessage(index), body: Buffer.alloc(4_096, ' ') }))
  const write = vi.spyOn(Socket.prototype, 'write')
  const sizes = await bus
    .publish(messages)
    .then(() => write.mock.calls.map(([data]) => data.length))
    .finally(() => write.mockRestore())
  expect(sizes.filter((size) => size > 4_096)).toEqual([expect.toSatisfy((size: number) => size > 100 * 4_096)])
})

test('nothing to publish is done at once', async () => {
  expect(await bus.publish([])).toEqual([])
})

test('the same message again is a duplicate that counts, with the first one’s sequence', async () => {
  await applyStreams(bus)
  await bus.publish([testMessage(1)])
  expect(await bus.publish([testMessage(1)])).toEqual([{ ok: true, stream: 'INGRESS', sequence: 1n, duplicate: true }])
})

test('of one message id on three subjects only the stored one counts', async () => {
  await applyStreams(bus)
  const message = testMessage(1)
  const outcomes = await bus.publish(['a', 'b', 'c'].map((provider) => ({ ...message, subject: `ingress.${provider}.call.ended` })))
  expect(failures(outcomes)).toEqual(['ok', 'wrong_subject', 'wrong_subject'])
  expect((await (await bus.manager()).streams.info('INGRESS')).state.messages).toBe(1)
})

test('a duplicate of a message that is gone does not count', async () => {
  await applyStreams(bus)
  await bus.publish([testMessage(1)])
  await (await bus.manager()).streams.deleteMessage('INGRESS', 1)
  expect(failures(await bus.publish([testMessage(1)]))).toEqual(['wrong_subject'])
})

test('a message without its stream is not stored, and says so; with the stream it is', async () => {
  expect(failures(await bus.publish([testMessage(1), testMessage(2)]))).toEqual(['no_stream', 'no_stream'])
  await applyStreams(bus)
  expect(failures(await bus.publish([testMessage(1)]))).toEqual(['ok'])
})

test('a stream that took a subject which is not its own does not count', async () => {
  await (await bus.manager()).streams.add({ name: 'OTHER', subjects: ['ingress.>'] })
  expect(failures(await bus.publish([testMessage(1)]))).toEqual(['wrong_subject'])
})

test('an oversize message fails alone, whether the broker or its stream finds it too large', async () => {
  await applyStreams(bus)
  const manager = await bus.manager()
  await manager.streams.update('COMPANY', { max_msg_size: 5_000 })
  const limit = 1024 * 1024
  const outcomes = await bus.publish([
    testMessage(1),
    testMessage(2, { body: Buffer.alloc(limit + 1) }),
    testMessage(3, { body: Buffer.alloc(limit - 100) }),
    testMessage(4, { companyId: company, body: Buffer.alloc(6_000) }),
    testMessage(5),
  ])
  expect(failures(outcomes)).toEqual(['ok', 'too_large', 'too_large', 'too_large', 'ok'])
})

test('a message at the very limit of the broker is stored', async () => {
  await applyStreams(bus)
  const message = testMessage(1)
  const headers = encodeEnvelope(message.envelope)
  headers.append('Nats-Msg-Id', natsMessageId(message.envelope, message.subject))
  const most = 1024 * 1024 - (headers as MsgHdrsImpl).encode().length
  expect(failures(await bus.publish([{ ...message, body: Buffer.alloc(most) }, testMessage(2, { body: Buffer.alloc(most + 1) })]))).toEqual(
    ['ok', 'too_large'],
  )
})

test('what the broker must never see is refused before it is sent', async () => {
  await applyStreams(bus)
  const outcomes = await bus.publish([
    testMessage(1, { subject: 'elsewhere.call.ended' }),
    testMessage(2, { subject: 'ingress.*.call' }),
    testMessage(3, { subject: 'ingress.>' }),
    testMessage(4, { subject: 'ingress.a b' }),
    testMessage(5, { subject: 'ingress..x' }),
    testMessage(6, { subject: `company.${company}.call.ended` }),
    testMessage(7, { companyId: company, subject: 'company.cmp_01h455vb4pex5vsknk084sn02r.call.ended' }),
    testMessage(8, { envelope: { ...testMessage(8).envelope, subject: 'a\r\nce-companyid: x' } }),
  ])
  expect(failures(outcomes)).toEqual([...Array.from({ length: 7 }, () => 'wrong_subject'), 'rejected'])
  expect((await (await bus.manager()).streams.info('INGRESS')).state.messages).toBe(0)
})

test('a message that is stored without an ack in time leaves the outcome open, and the retry finds it', async () => {
  await applyStreams(bus)
  const manager = await bus.manager()
  await manager.streams.update('INGRESS', { no_ack: true })
  await using hasty = connectBus({ servers: nats.url, name: 'hasty', telemetry, publishTimeoutMs: 100 })
  await hasty.connected()
  expect(failures(await hasty.publish([testMessage(1), testMessage(2)]))).toEqual(['timeout', 'timeout'])
  await manager.streams.update('INGRESS', { no_ack: false })
  expect(await hasty.publish([testMessage(2)])).toEqual([{ ok: true, stream: 'INGRESS', sequence: 2n, duplicate: true }])
})

test('away from the broker a publish fails at once, and works when the broker comes', async () => {
  const port = await freePort()
  await using early = connectBus({ servers: `nats://127.0.0.1:${port}`, name: 'early', telemetry })
  expect(early.status()).toBe('connecting')
  expect(failures(await early.publish([testMessage(1)]))).toEqual(['not_connected'])
  await expect(early.manager({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'unavailable' })
  await using late = await startNats({ port })
  expect(late.port).toBe(port)
  await early.connected()
  expect(early.status()).toBe('connected')
  await applyStreams(early)
  expect(failures(await early.publish([testMessage(1)]))).toEqual(['ok'])
})

test('no message is lost when the broker is killed again and again while publishing', { timeout: 30_000 }, async () => {
  let server = await startNats()
  const { port, storeDir } = server
  try {
    await using killed = connectBus({ servers: server.url, name: 'killed', telemetry, maxInFlight: 64 })
    await applyStreams(killed)
    const counts: Record<string, number> = {}
    async function publishUntilStored(from: number, to: number): Promise<void> {
      let left = Array.from({ length: to - from }, (_, index) => testMessage(from + index))
      await eventually(
        async () => {
          const outcomes = await killed.publish(left)
          for (const reason of failures(outcomes)) counts[reason] = (counts[reason] ?? 0) + 1
          left = left.filter((_, index) => !outcomes[index]?.ok)
          expect(left).toEqual([])
        },
        { timeoutMs: 20_000 },
      )
    }
    for (let round = 0; round < 3; round++) {
      const publishing = publishUntilStored(round * 2_000, (round + 1) * 2_000)
      await eventually(async () =>
        expect((await (await killed.manager()).streams.info('INGRESS')).state.messages).toBeGreaterThan(round * 2_000),
      )
      await server.kill()
      server = await startNats({ port, storeDir })
      await publishing
    }
    const found = new Set<string>()
    const manager = await killed.manager()
    const { state } = await manager.streams.info('INGRESS')
    await Promise.all(
      Array.from({ length: state.last_seq }, async (_, index) => {
        found.add((await manager.streams.getMessage('INGRESS', { seq: index + 1 }))?.header.get('ce-id') ?? '')
      }),
    )
    const wanted = Array.from({ length: 6_000 }, (_, index) => deriveEventId(['test', String(index)]))
    expect(wanted.filter((id) => !found.has(id))).toEqual([])
    expect(counts['not_connected']).toBeGreaterThan(0)
  } finally {
    await server[Symbol.asyncDispose]()
  }
})

test('a bus that is being disposed still hears the acks of what it published, and takes no more', async () => {
  await applyStreams(bus)
  const closing = connectBus({ servers: nats.url, name: 'closing', telemetry })
  await closing.connected()
  const publishing = closing.publish(Array.from({ length: 1_000 }, (_, index) => testMessage(index)))
  await closing[Symbol.asyncDispose]()
  expect(new Set(failures(await publishing))).toEqual(new Set(['ok']))
  expect(failures(await closing.publish([testMessage('late')]))).toEqual(['not_connected'])
  expect(closing.status()).toBe('closed')
  await expect(closing.connected()).rejects.toMatchObject({ code: 'unavailable' })
})

test('2,000 messages in batches are published faster than one by one', async () => {
  await applyStreams(bus)
  const messages = (run: string) => Array.from({ length: 2_000 }, (_, index) => testMessage(`${run}${index}`))
  const connection = await connect({ servers: nats.url })
  const js = jetstream(connection)
  const rate = async (publish: (batch: ReturnType<typeof messages>) => Promise<unknown>, run: string) => {
    const batch = messages(run)
    const startedMs = performance.now()
    await publish(batch)
    return Math.round(2_000_000 / (performance.now() - startedMs))
  }
  const oneByOne = async (batch: ReturnType<typeof messages>) => {
    for (const { envelope, subject, body } of batch) {
      await js.publish(subject, body, { msgID: natsMessageId(envelope, subject), headers: encodeEnvelope(envelope) })
    }
  }
  await rate((batch) => bus.publish(batch), 'warm')
  const batched = await rate((batch) => bus.publish(batch), 'batched')
  const single = await rate(oneByOne, 'single')
  await connection.close()
  console.log(`published per second: ${batched} in batches, ${single} one by one (ratio ${(batched / single).toFixed(1)})`)
  expect(batched).toBeGreaterThan(single)
})
