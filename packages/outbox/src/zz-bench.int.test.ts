import { test } from 'vitest'
import { startMariadb } from '@frontdesk/testing'
import { startHarness, openAnother, effects } from '../test/harness.ts'
import { makeReceivedEvent, makeNewEvent } from './testing.ts'
import { withTransaction } from '@frontdesk/database'
import type { ReceivedEvent } from '@frontdesk/bus'

test('bench', { timeout: 120000 }, async () => {
  const db = await startMariadb({ durable: true })
  process.env['MYSQL_URL'] = db.url
  const harness = await startHarness()
  delete process.env['MYSQL_URL']
  const N = 8000
  const make = () => Array.from({ length: N }, () => makeReceivedEvent({ body: Buffer.alloc(1000, 'a') }))
  const handle = async (tx: any, events: readonly ReceivedEvent[]) => {
    await tx.execute(`insert into effects (event_key) values ${events.map(() => '(?)').join(', ')}`, events.map((e) => e.envelope.id))
    return events.map((e) => makeNewEvent({ body: e.body, causationId: e.envelope.id }))
  }
  for (const [groupSize, parallelGroups] of [[50, 1], [50, 2], [50, 4], [100, 2], [64, 2], [64,4], [50, 2], [50, 4]] as const) {
    const handler = harness.handler({ handle, groupSize, parallelGroups, logLevel: 'debug' })
    const all = make()
    await handler(all.splice(0, 400))
    const t = performance.now(); const cpu = process.cpuUsage()
    for (let i = 0; i < all.length; i += 200) await handler(all.slice(i, i + 200))
    const ms = performance.now() - t; const c = process.cpuUsage(cpu)
    console.log(groupSize, parallelGroups, Math.round((all.length / ms) * 1000), 'events/s; cpu us/event', Math.round((c.user + c.system) / all.length))
    harness.telemetry.lines.length = 0
  }
  await harness[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})
