import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { startNats } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { connectBus } from './bus.ts'
import { testMessage } from './test-events.ts'
import { applyStreams } from './topology.ts'

test('a backlog that the broker holds on disk alone is handed over at thousands a second', { timeout: 60_000 }, async () => {
  await using nats = await startNats()
  await using telemetry = createTestTelemetry()
  await using bus = connectBus({ servers: nats.url, name: 'test', telemetry })
  await applyStreams(bus)
  // More than one block of 8 MB; only the last one stands in the broker's memory.
  const count = 10_000
  for (let from = 0; from < count; from += 500) {
    await bus.publish(Array.from({ length: 500 }, (_, index) => testMessage(from + index)))
  }
  let taken = 0
  const all = Promise.withResolvers<void>()
  const begun = performance.now()
  bus.consume({
    stream: 'INGRESS',
    durable: 'company-resolver',
    handle(events) {
      taken += events.length
      if (taken === count) all.resolve()
      return Promise.resolve(events.map(() => ({ kind: 'ack' })))
    },
  })
  await all.promise
  expect((count * 1_000) / (performance.now() - begun)).toBeGreaterThan(2_000)
})
