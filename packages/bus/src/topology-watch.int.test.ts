import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually, startNats } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { connectBus } from './bus.ts'
import { watchTopology } from './topology-watch.ts'
import { applyStreams } from './topology.ts'

const advice = /pnpm frontdesk streams apply/

function watched(servers: string) {
  const telemetry = createTestTelemetry()
  const bus = connectBus({ servers, name: 'test', telemetry })
  return {
    telemetry,
    bus,
    complaints: () => telemetry.lines.filter(({ msg }) => advice.test(String(msg))),
    gauge: async () => /bus_topology_incompatible\{service="booking"\} (\d+)/.exec((await telemetry.metrics.render()).body)?.[1],
  }
}

test('what a service misses in the broker is told once with what to do, and measured until it is there', async () => {
  await using nats = await startNats()
  const { bus, telemetry, complaints, gauge } = watched(nats.url)
  await using _bus = bus
  await applyStreams(bus)
  const { consumers } = await bus.manager()
  const { config: bulk } = await consumers.info('COMPANY', 'booking-bulk')
  await consumers.delete('COMPANY', 'booking-bulk')
  await consumers.update('COMPANY', 'booking', { max_deliver: 3 })
  const connected = bus.manager.bind(bus)
  let looks = 0
  bus.manager = (options) => {
    looks += 1
    return connected(options)
  }
  await using _watch = watchTopology(bus, 'booking', telemetry, { recheckMs: 20 })
  await eventually(async () => expect(await gauge()).toBe('2'))
  await eventually(() => expect(looks).toBeGreaterThan(5))
  await consumers.add('COMPANY', bulk)
  await eventually(async () => expect(await gauge()).toBe('1'))
  await applyStreams(bus)
  await eventually(async () => expect(await gauge()).toBe('0'))
  expect(complaints().map(({ problems }) => problems)).toMatchObject([
    [
      { name: 'COMPANY/booking', problem: 'different' },
      { name: 'COMPANY/booking-bulk', problem: 'missing' },
    ],
    [{ name: 'COMPANY/booking', problem: 'different' }],
  ])
})

test('a broker that comes back without its streams is looked at again', async () => {
  await using nats = await startNats()
  const { bus, telemetry, complaints, gauge } = watched(nats.url)
  await using _bus = bus
  await applyStreams(bus)
  await using _watch = watchTopology(bus, 'booking', telemetry, { recheckMs: 3_600_000 })
  await eventually(async () => expect(await gauge()).toBe('0'))
  expect(complaints()).toEqual([])
  await nats.kill()
  await using _empty = await startNats({ port: nats.port })
  await eventually(async () => expect(await gauge()).toBe('5'), { timeoutMs: 10_000 })
  expect(complaints()).toHaveLength(1)
})

test('without a broker it says nothing, and ends at once', async () => {
  const { bus, telemetry, complaints, gauge } = watched('127.0.0.1:1')
  const watch = watchTopology(bus, 'booking', telemetry)
  await watch[Symbol.asyncDispose]()
  await bus[Symbol.asyncDispose]()
  expect([await gauge(), complaints()]).toEqual([undefined, []])
})

test('a check that fails is tried again, and never thrown', async () => {
  await using nats = await startNats()
  const { bus, telemetry, gauge } = watched(nats.url)
  await using _bus = bus
  await applyStreams(bus)
  const manager = bus.manager.bind(bus)
  let calls = 0
  bus.manager = (options) => ((calls += 1) === 1 ? Promise.reject(new Error('no answer')) : manager(options))
  await using _watch = watchTopology(bus, 'booking', telemetry, { recheckMs: 20 })
  await eventually(async () => expect(await gauge()).toBe('0'))
  expect(telemetry.lines.filter(({ msg }) => String(msg).startsWith('could not look'))).toHaveLength(1)
})
