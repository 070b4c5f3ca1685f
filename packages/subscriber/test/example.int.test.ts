import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { bulkSubject } from '@frontdesk/contracts'
import { eventually } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { company, confirmed, otherCompany, startHarness } from './harness.ts'

const folder = join(import.meta.dirname, '..')

test('killed between its effect and its acks, given everything twice and again on the bulk lane, the example counts each appointment once', async () => {
  await using harness = await startHarness()
  const { nats, database } = harness
  const env = { ...process.env, NATS_URL: nats.url, MYSQL_URL: database.url, COMPANY: company }
  // Twice as many are more than one batch: the second that dies has one of its own.
  const messages = Array.from({ length: 210 }, (_, index) => confirmed(String(index), { day: `2026-12-0${1 + (index % 3)}` }))
  const raised = confirmed('0', { revision: 2, day: '2026-12-09' })
  await harness.publish(messages.flatMap((message) => [message, message]))
  await harness.publish(messages.map((message) => ({ ...message, subject: bulkSubject(message.subject) })))
  await harness.publish([raised, raised, confirmed('other', { companyId: otherCompany, day: '2026-12-08' })])

  for (const _ of [1, 2]) {
    const dying = spawn(process.execPath, [join(folder, 'test/die-before-ack.ts')], { env, stdio: 'ignore' })
    expect(await once(dying, 'exit')).toEqual([null, 'SIGKILL'])
    await (await harness.bus.manager()).consumers.info('COMPANY', 'appointment-days')
  }
  const before = await harness.rows('select sum(confirmed) as confirmed from appointment_days')
  expect(Number(before[0]?.['confirmed'])).toBeGreaterThan(0)

  // What was delivered to the dead waits for the durable's ack wait; shortening that is an operator's tuning.
  const manager = await harness.bus.manager()
  for (const durable of ['appointment-days', 'appointment-days-bulk']) await manager.consumers.update('COMPANY', durable, { ack_wait: 1e9 })
  const living = spawn(process.execPath, [join(folder, 'example/appointments.ts')], { env, stdio: 'ignore' })
  await eventually(
    async () => {
      for (const durable of ['appointment-days', 'appointment-days-bulk']) {
        const { num_pending: pending, num_ack_pending: unsettled } = await manager.consumers.info('COMPANY', durable)
        expect([durable, pending, unsettled]).toEqual([durable, 0, 0])
      }
    },
    { timeoutMs: 15_000 },
  )
  expect(await harness.rows('select day, confirmed from appointment_days order by day')).toEqual([
    { day: '2026-12-01', confirmed: 70 },
    { day: '2026-12-02', confirmed: 70 },
    { day: '2026-12-03', confirmed: 70 },
    { day: '2026-12-09', confirmed: 1 },
  ])
  living.kill('SIGTERM')
  expect(await once(living, 'exit')).toEqual([0, null])
})
