import { durables } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { startNats } from '@frontdesk/testing'
import { expect, test, vi } from 'vitest'
import { connectBus, linkOf } from './bus.ts'
import { createProbe } from './probe.ts'
import { applyStreams } from './topology.ts'

test('a look that the broker never answers ends when the bus is closed', async () => {
  await using broker = await startNats()
  await using bus = connectBus({ servers: broker.url, name: 'test', telemetry: createTestTelemetry() })
  await applyStreams(bus)
  const { connection } = await linkOf(bus).nextSession()
  connection.subscribe('silence', { callback: () => undefined })
  const request = connection.request.bind(connection)
  const asked = Promise.withResolvers<void>()
  vi.spyOn(connection, 'request').mockImplementation((subject, ...rest) => {
    if (!subject.includes('.MSG.NEXT.')) return request(subject, ...rest)
    asked.resolve()
    return request('silence', ...rest)
  })
  const [durable] = durables
  if (!durable) throw new Error('there are no durables')
  const looked = createProbe(bus, durable)
    .firstFrom(1n)
    .catch((error: unknown) => error)
  await asked.promise
  await bus[Symbol.asyncDispose]()
  expect(await looked).toMatchObject({ code: 'unavailable' })
})
