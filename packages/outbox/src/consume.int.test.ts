import { applyStreams, connectBus } from '@frontdesk/bus'
import { bulkSubject } from '@frontdesk/contracts'
import { eventually, startNats } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { append, keyOf, recordEffect, startHarness } from '../test/harness.ts'
import { oneByOne } from './one-by-one.ts'
import { createOutbox } from './outbox.ts'
import { makeNewEvent, receive } from './testing.ts'

test('from outbox over the broker to the effect: each event once, though both lanes carry it and the handler stumbles', async () => {
  await using harness = await startHarness()
  await using nats = await startNats()
  await using bus = connectBus({ servers: nats.url, name: 'consume-test', telemetry: harness.telemetry })
  await bus.connected()
  await applyStreams(bus)
  await using outbox = createOutbox({ database: harness.database, bus, telemetry: harness.telemetry, source: 'frontdesk/test' })
  const events = Array.from({ length: 300 }, () => makeNewEvent())
  const again = events.slice(0, 90).map((event) => ({ ...event, subject: bulkSubject(event.subject) }))

  const stumbled = new Set<string>()
  const handle = oneByOne((tx, event) => {
    const key = keyOf(event)
    if (event.envelope.id.startsWith('0') && !stumbled.has(key)) {
      stumbled.add(key)
      throw new TypeError('a first time for everything')
    }
    return recordEffect(tx, event)
  })
  await using _live = bus.consume({ stream: 'COMPANY', durable: 'booking', handle: harness.handler({ handle }) })
  await using _bulk = bus.consume({ stream: 'COMPANY', durable: 'booking-bulk', handle: harness.handler({ handle }) })
  await append(harness.database, outbox, events)
  await append(harness.database, outbox, again)

  const wanted = events.map((event) => keyOf(receive(event))).toSorted()
  await eventually(async () => expect((await harness.effects()).toSorted()).toEqual(wanted), { timeoutMs: 15_000 })
  const manager = await bus.manager()
  await eventually(async () => {
    const infos = await Promise.all(['booking', 'booking-bulk'].map((durable) => manager.consumers.info('COMPANY', durable)))
    expect(infos.map((info) => info.num_ack_pending + info.num_pending)).toEqual([0, 0])
  })
  expect(await harness.effects()).toHaveLength(300)
})
