import { durables, streams } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { startNats } from '@frontdesk/testing'
import { beforeEach, expect, test } from 'vitest'
import { connectBus } from './bus.ts'
import type { Bus } from './bus.ts'
import { applyStreams, checkTopology } from './topology.ts'

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

const allNames = [...streams.map(({ name }) => name), ...durables.map(({ stream, name }) => `${stream}/${name}`)]

test('an empty broker gets every stream and durable, and the second time nothing', async () => {
  const changes = await applyStreams(bus)
  expect(changes.map(({ kind, name }) => [kind, name])).toEqual(allNames.map((name) => ['created', name]))
  expect(await applyStreams(bus)).toEqual([])
  expect(await checkTopology(bus, 'booking')).toEqual([])
  const info = await (await bus.manager()).consumers.info('COMPANY', 'booking')
  expect(info.config).toMatchObject({ ack_policy: 'explicit', max_deliver: -1, max_ack_pending: 2_000, ack_wait: 30_000_000_000 })
  expect((await (await bus.manager()).streams.info('INGRESS')).config).toMatchObject({
    discard: 'old',
    retention: 'limits',
    storage: 'file',
  })
})

test('two who apply at the same time end with one topology', async () => {
  await Promise.all([applyStreams(bus), applyStreams(bus)])
  expect(await applyStreams(bus)).toEqual([])
})

test('a dry run names what it would do and does nothing', async () => {
  expect((await applyStreams(bus, { dryRun: true })).map(({ name }) => name)).toEqual(allNames)
  expect(await (await bus.manager()).streams.names().next()).toEqual([])
})

test('what can be changed in place is changed, and told field by field', async () => {
  await applyStreams(bus)
  const manager = await bus.manager()
  await manager.streams.update('INGRESS', { max_age: 3_600_000_000_000, subjects: ['ingress.>'] })
  await manager.consumers.delete('INGRESS', 'company-resolver')
  await manager.consumers.add('INGRESS', {
    durable_name: 'company-resolver',
    ack_policy: 'explicit',
    filter_subject: 'ingress.x',
    max_deliver: 5,
  })
  const dry = await applyStreams(bus, { dryRun: true })
  const changes = await applyStreams(bus)
  expect(changes).toEqual(dry)
  expect(changes.map(({ kind, name, differences }) => [kind, name, differences.map(({ field }) => field).toSorted()])).toEqual([
    ['updated', 'INGRESS', ['max_age', 'subjects']],
    ['updated', 'INGRESS/company-resolver', ['filter_subjects', 'max_ack_pending', 'max_deliver']],
  ])
  expect(await applyStreams(bus)).toEqual([])
})

test('what can not be changed in place is reported and left alone', async () => {
  const manager = await bus.manager()
  await manager.streams.add({ name: 'INGRESS', subjects: ['ingress.>', 'bulk.ingress.>'] })
  // Without durables of ours: of such a stream's the broker takes no two for one event.
  await manager.streams.add({ name: 'QUARANTINE', subjects: ['quarantine.>', 'bulk.quarantine.>'], retention: 'workqueue' })
  await manager.consumers.add('INGRESS', {
    durable_name: 'company-resolver',
    ack_policy: 'explicit',
    deliver_subject: 'push',
    filter_subject: 'ingress.>',
  })
  const changes = await applyStreams(bus)
  const incompatible = changes.filter(({ kind }) => kind === 'incompatible')
  expect(incompatible.map(({ name }) => name)).toEqual(['QUARANTINE', 'INGRESS/company-resolver'])
  expect(incompatible[0]?.differences).toContainEqual({ field: 'retention', found: 'workqueue', wanted: 'limits' })
  expect((await manager.streams.info('QUARANTINE')).config.retention).toBe('workqueue')
})

test('a service learns what is missing or means something else, not what is merely tuned', async () => {
  expect((await checkTopology(bus, 'booking')).map(({ name, problem }) => [name, problem])).toEqual([
    ['INGRESS', 'missing'],
    ['COMPANY', 'missing'],
    ['QUARANTINE', 'missing'],
    ['COMPANY/booking', 'missing'],
    ['COMPANY/booking-bulk', 'missing'],
  ])
  await applyStreams(bus)
  const manager = await bus.manager()
  await manager.consumers.update('COMPANY', 'booking', { max_ack_pending: 10, ack_wait: 5_000_000_000 })
  await manager.streams.update('COMPANY', { max_bytes: 1_000_000 })
  expect(await checkTopology(bus, 'booking')).toEqual([])
  await manager.consumers.update('COMPANY', 'booking', { max_deliver: 3 })
  expect(await checkTopology(bus, 'booking')).toEqual([
    { resource: 'durable', name: 'COMPANY/booking', problem: 'different', differences: [{ field: 'max_deliver', found: 3, wanted: -1 }] },
  ])
  expect(await checkTopology(bus, 'webhook-ingress')).toEqual([])
  expect((await manager.consumers.info('COMPANY', 'booking')).config.max_deliver).toBe(3)
})
