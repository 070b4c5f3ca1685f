import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually, startNats } from '@frontdesk/testing'
import { connect } from '@nats-io/transport-node'
import { beforeEach, expect, test } from 'vitest'
import { connectBus } from './bus.ts'
import type { Bus } from './bus.ts'
import { tail } from './tail.ts'
import type { TailedMessage, TailOptions } from './tail.ts'
import { company, testMessage } from './test-events.ts'
import { applyStreams } from './topology.ts'

const telemetry = createTestTelemetry()
let nats: Awaited<ReturnType<typeof startNats>>
let bus: Bus
let stopping: AbortController

// A broker each: nothing that one test stored is seen by another.
beforeEach(async () => {
  nats = await startNats()
  bus = connectBus({ servers: nats.url, name: 'test', telemetry })
  await applyStreams(bus)
  stopping = new AbortController()
  return async () => {
    stopping.abort()
    await bus[Symbol.asyncDispose]()
    await nats[Symbol.asyncDispose]()
  }
})

const companies = { stream: 'COMPANY', subjects: ['company.>'] } as const
const subjectsOf = (seen: readonly TailedMessage[]) =>
  seen.map(({ envelope }) => (envelope instanceof Error ? envelope.message : envelope.subject))

/** A tail that listens already. */
async function following(options: Partial<TailOptions> = {}) {
  const seen: TailedMessage[] = []
  const ready = Promise.withResolvers<void>()
  const ended = tail(bus, { sources: [companies], signal: stopping.signal, onReady: ready.resolve, ...options }, (message) => {
    seen.push(message)
  })
  await Promise.race([ready.promise, ended])
  return { seen, ended }
}

test('what is published once it is ready is seen in order, nothing before, and nothing stays on the broker', async () => {
  await bus.publish([testMessage('before', { companyId: company })])
  const { seen, ended } = await following()
  await bus.publish([1, 2, 3].map((seed) => testMessage(seed, { companyId: company })))
  await eventually(() => expect(subjectsOf(seen)).toEqual(['call_1', 'call_2', 'call_3']))
  expect(Math.abs(Date.now() - (seen[0]?.storedAt.getTime() ?? 0))).toBeLessThan(10_000)
  stopping.abort()
  await ended
  const consumers = await (await bus.manager()).consumers.list('COMPANY').next()
  expect(consumers.map(({ name }) => name).toSorted()).toEqual(
    ['billing', 'booking', 'messaging'].flatMap((name) => [name, `${name}-bulk`]).toSorted(),
  )
})

test('since a time, what was stored since then comes first', async () => {
  await bus.publish([testMessage(1, { companyId: company })])
  const { seen } = await following({ since: new Date(Date.now() - 60_000) })
  await bus.publish([testMessage(2, { companyId: company })])
  await eventually(() => expect(subjectsOf(seen)).toEqual(['call_1', 'call_2']))
})

test('several streams are seen at once, each by its filters', async () => {
  const ingress = { stream: 'INGRESS', subjects: ['ingress.*.call.started'] } as const
  const { seen } = await following({ sources: [companies, ingress] })
  await bus.publish([testMessage(1), testMessage(2, { companyId: company }), testMessage(3, { subject: 'ingress.retell.call.started' })])
  await eventually(() => expect(subjectsOf(seen).toSorted()).toEqual(['call_2', 'call_3']))
})

test('what comes while the broker was away is seen once it is back, each once', async () => {
  const { seen } = await following()
  await bus.publish([testMessage(1, { companyId: company })])
  await eventually(() => expect(seen).toHaveLength(1))
  await nats.kill()
  nats = await startNats({ storeDir: nats.storeDir, port: nats.port })
  await bus.connected()
  await eventually(async () => expect(await bus.publish([testMessage(2, { companyId: company })])).toMatchObject([{ ok: true }]))
  await eventually(() => expect(subjectsOf(seen)).toEqual(['call_1', 'call_2']), { timeoutMs: 10_000 })
})

test('also where nothing had come before', async () => {
  await bus.publish([testMessage('before', { companyId: company })])
  const { seen } = await following()
  await nats.kill()
  {
    // Where the tail does not find it.
    await using elsewhere = await startNats({ storeDir: nats.storeDir })
    await using other = connectBus({ servers: elsewhere.url, name: 'other', telemetry })
    await other.connected()
    expect(await other.publish([testMessage(1, { companyId: company })])).toMatchObject([{ ok: true }])
  }
  nats = await startNats({ storeDir: nats.storeDir, port: nats.port })
  await eventually(() => expect(subjectsOf(seen)).toEqual(['call_1']), { timeoutMs: 10_000 })
})

test('of a stream that lost its end, what is stored from then on is seen, and nothing twice', async () => {
  const saved = await mkdtemp(join(tmpdir(), 'tail-'))
  const { seen } = await following()
  await bus.publish([1, 2].map((seed) => testMessage(seed, { companyId: company })))
  await eventually(() => expect(seen).toHaveLength(2))
  await nats.kill()
  await cp(nats.storeDir, saved, { recursive: true })
  nats = await startNats({ storeDir: nats.storeDir, port: nats.port })
  await bus.connected()
  await eventually(async () => expect(await bus.publish([testMessage('lost', { companyId: company })])).toMatchObject([{ ok: true }]))
  await eventually(() => expect(seen).toHaveLength(3))
  await nats.kill()
  await rm(nats.storeDir, { recursive: true })
  {
    // Where the tail does not find it: the stream is longer again than before when it looks.
    await using elsewhere = await startNats({ storeDir: saved })
    await using other = connectBus({ servers: elsewhere.url, name: 'other', telemetry })
    await other.connected()
    expect(await other.publish([3, 4].map((seed) => testMessage(seed, { companyId: company })))).toMatchObject([{ ok: true }, { ok: true }])
  }
  nats = await startNats({ storeDir: saved, port: nats.port })
  await bus.connected()
  await eventually(async () => expect(await bus.publish([testMessage(5, { companyId: company })])).toMatchObject([{ ok: true }]))
  const all = ['call_1', 'call_2', 'call_lost', 'call_3', 'call_4', 'call_5']
  await eventually(() => expect(subjectsOf(seen)).toEqual(all), { timeoutMs: 10_000 })
  await rm(saved, { recursive: true, force: true })
})

test('a stream that was made anew is seen from its beginning', async () => {
  const { seen } = await following()
  await bus.publish([1, 2].map((seed) => testMessage(seed, { companyId: company })))
  await eventually(() => expect(seen).toHaveLength(2))
  await nats.kill()
  nats = await startNats({ port: nats.port })
  await bus.connected()
  await eventually(async () => void (await applyStreams(bus)))
  await eventually(async () => expect(await bus.publish([testMessage(3, { companyId: company })])).toMatchObject([{ ok: true }]))
  await eventually(() => expect(subjectsOf(seen)).toEqual(['call_1', 'call_2', 'call_3']), { timeoutMs: 20_000 })
})

test('a message that is no event of ours is told, and does not end it', async () => {
  const { seen } = await following()
  const connection = await connect({ servers: nats.url })
  connection.publish('company.x.y.z', 'hello')
  await connection.flush()
  await connection.close()
  await bus.publish([testMessage(1, { companyId: company })])
  await eventually(() => expect(subjectsOf(seen)).toEqual(['ce-specversion is missing', 'call_1']))
})

test('what the callback throws ends all of it', async () => {
  const ready = Promise.withResolvers<void>()
  const sources = [companies, { stream: 'INGRESS', subjects: ['ingress.>'] }] as const
  const failing = tail(bus, { sources, signal: stopping.signal, onReady: ready.resolve }, () => {
    throw new Error('enough')
  })
  await ready.promise
  await bus.publish([testMessage(1)])
  await expect(failing).rejects.toThrow('enough')
})

test('without the stream it fails', async () => {
  await (await bus.manager()).streams.delete('COMPANY')
  await expect(following()).rejects.toThrow('stream not found')
})
