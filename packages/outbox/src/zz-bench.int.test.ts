import { test } from 'vitest'
import { startMariadb, startNats, eventually } from '@frontdesk/testing'
import { startHarness, append } from '../test/harness.ts'
import { makeNewEvent } from './testing.ts'
import { createOutbox } from './outbox.ts'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { Session } from 'node:inspector/promises'
import { writeFileSync } from 'node:fs'

test('bench', { timeout: 120000 }, async () => {
  const db = await startMariadb({ durable: true })
  process.env['MYSQL_URL'] = db.url
  const harness = await startHarness()
  delete process.env['MYSQL_URL']
  const nats = await startNats()
  const bus = connectBus({ servers: nats.url, name: 'outbox-test', telemetry: harness.telemetry })
  await bus.connected()
  await applyStreams(bus)
  const outbox = createOutbox({ database: harness.database, bus, telemetry: harness.telemetry, source: 'frontdesk/test', queueLimit: 20000 })
  for (let round = 0; round < 4; round++) {
    const N = 10000
    const all = Array.from({ length: N }, () => makeNewEvent({ body: Buffer.alloc(1000, 'a') }))
    const session = new Session()
    if (round === 3) { session.connect(); await session.post('Profiler.enable'); await session.post('Profiler.start') }
    const t = performance.now(); const cpu = process.cpuUsage()
    const lane = async () => { for (;;) { const g = all.splice(0, 50); if (g.length === 0) return; await append(harness.database, outbox, g) } }
    await Promise.all([lane(), lane(), lane(), lane()])
    const ms1 = performance.now() - t
    await eventually(async () => { const n = await outbox.unpublished(); if (n) throw new Error('left ' + n) }, { timeoutMs: 20000, intervalMs: 5 })
    const ms = performance.now() - t; const c = process.cpuUsage(cpu)
    console.log('append', Math.round(N / ms1 * 1000), '/s; to marked', Math.round((N / ms) * 1000), 'events/s; cpu us/event', Math.round((c.user + c.system) / N))
    if (round === 3) writeFileSync('/tmp/outbox.cpuprofile', JSON.stringify((await session.post('Profiler.stop')).profile))
  }
  await outbox[Symbol.asyncDispose]()
  await bus[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
  await harness[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})
