import { openDatabase } from '@frontdesk/database'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { loadConfig } from '@frontdesk/service'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually } from '@frontdesk/testing'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configSchema } from '../src/config.ts'
import { startKeeper } from '../src/db/keeper.ts'
import { type Harness, retellApiKey, startHarness } from './harness.ts'

const dayMs = 24 * 60 * 60 * 1_000
let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const connection = await createConnection(harness.mysqlUrl)
  try {
    const [rows] = await connection.query(sql)
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  } finally {
    await connection.end()
  }
}

const send = (callId: string, at = Date.now()) => {
  const { body } = retellWebhook('call_ended', { call: { call_id: callId } })
  return harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, retellApiKey, at) })
}
const partitions = async () => {
  const rows = await query(
    "select partition_name as name from information_schema.partitions where table_schema = database() and table_name = 'deliveries'",
  )
  return rows.map(({ name }) => String(name))
}
const rowsDeleted = async () => Number((await query("show global status like 'Handler_delete'"))[0]?.['Value'])
const nameOf = (time: number) => `p${new Date(time).toISOString().slice(0, 10).replaceAll('-', '')}`

test('the coming 30 days have their partitions soon after the start, and what comes later still has a place', async () => {
  await eventually(async () => expect(await partitions()).toContain(nameOf(Date.now() + 30 * dayMs)))
  expect(await partitions()).toContain('rest')
})

test('a body past its retention goes with its whole day, is told of as such, and its id still dedupes', async () => {
  await send('call_old')
  const { events } = await harness.ledger.listEvents({ entityId: 'call_old' })
  const deliveryId = events[0]?.deliveryId ?? ''
  expect((await harness.ledger.getDelivery({ deliveryId })).delivery?.body.length).toBeGreaterThan(0)

  await harness.restartAt(new Date(Date.now() + 92 * dayMs))
  await eventually(async () => {
    await expect(harness.ledger.getDelivery({ deliveryId })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('past its retention') as string,
    })
  })
  expect(await partitions()).not.toContain(nameOf(Date.now()))
  expect((await send('call_old', Date.now() + 92 * dayMs)).json).toEqual({ accepted: 0, duplicates: 1 })
  expect((await send('call_new', Date.now() + 92 * dayMs)).json).toEqual({ accepted: 1, duplicates: 0 })
  await harness.restartAt(new Date())
})

test('the keeper forgets a day of 100,000 bodies as one of none: within a second, and not row by row', async () => {
  const day = new Date(Date.now() + 5 * dayMs)
  await query(`insert into deliveries (delivery_id, provider, received_at, headers, body)
    with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000)
    select concat('dlv_', a.i, '_', b.i), 'retell', '${day.toISOString().slice(0, 10)} 12:00:00', '{}', repeat('x', 1000)
    from n a join n b on b.i <= 100`)
  await using telemetry = createTestTelemetry()
  await using database = openDatabase({ url: harness.mysqlUrl, companyTables: new Set(), telemetry })
  // The day before is past its retention by then, and all partitions of the time between are made.
  let now = new Date(day.getTime() + 90 * dayMs)
  const clock = () => now
  await using keeper = startKeeper({ database, telemetry, retention: { bodies: 90, eventIds: 400, outbox: 14, refusals: 30 }, clock })
  await eventually(async () => expect(await keeper.keep()).toBe(true))
  expect(await partitions()).toContain(nameOf(day.getTime()))

  now = new Date(day.getTime() + 91 * dayMs)
  const deletedBefore = await rowsDeleted()
  let tookMs = Number.POSITIVE_INFINITY
  await eventually(async () => {
    const begun = performance.now()
    // A try that another's lock on the table holds up gives way after a second, for the next one.
    expect(await keeper.keep()).toBe(true)
    tookMs = performance.now() - begun
  })
  expect(await partitions()).not.toContain(nameOf(day.getTime()))
  expect(tookMs).toBeLessThan(1_000)
  // Other tests delete rows on this server, too, but not so many.
  expect((await rowsDeleted()) - deletedBefore).toBeLessThan(50_000)
})

test('published outbox rows, revisions, refusals and ids past their retention are pruned, and rows that wait or were published again lately never', async () => {
  await send('call_kept')
  await query("update outbox set created_at = '2020-01-01'")
  await query("update outbox set published_at = '2020-01-01' where entity_id = 'call_old'")
  await query("update outbox set published_at = utc_timestamp(3) where entity_id = 'call_new'")
  await query("update events set received_at = '2020-01-01' where entity_id = 'call_old'")
  await query(
    "insert into refusals (at, provider, code, address, times) values ('2020-01-01', 'retell', 'signature_invalid', '127.0.0.1', 1)",
  )
  await query(`insert into event_revisions (event_id, revision, mode, event_type, entity_id, occurred_at, body, caller, created_at)
    values (repeat('x', 32), 2, 'as_published', 'frontdesk.call.ended.v1', 'call_old', '2020-01-01', '{}', 'cli', '2020-01-01')`)
  await harness.restartAt(new Date())
  await eventually(async () => {
    const [left] = await query(`select (select count(*) from outbox where entity_id = 'call_old') as old,
      (select count(*) from outbox where entity_id = 'call_kept') as kept, (select count(*) from outbox where entity_id = 'call_new') as again, (select count(*) from refusals where at < '2021-01-01') as refusals,
      (select count(*) from events where entity_id = 'call_old') as ids, (select count(*) from event_revisions) as revisions`)
    expect(left).toEqual({ old: 0, kept: 1, again: 1, refusals: 0, ids: 0, revisions: 0 })
  })
})

test('settings under which something outlives what it is restored from are refused', () => {
  const problems = (settings: Record<string, string>) => {
    try {
      loadConfig(configSchema, { ...harness.environment, ...settings })
      return ''
    } catch (error) {
      return String(error)
    }
  }
  expect(problems({})).toBe('')
  expect(problems({ OUTBOX_RETENTION_DAYS: '3' })).toContain('OUTBOX_RETENTION_DAYS')
  expect(problems({ BODY_RETENTION_DAYS: '14' })).toContain('BODY_RETENTION_DAYS: must be more than OUTBOX_RETENTION_DAYS')
  expect(problems({ EVENT_ID_RETENTION_DAYS: '399' })).toContain('EVENT_ID_RETENTION_DAYS')
  expect(problems({ BODY_RETENTION_DAYS: '500' })).toContain('EVENT_ID_RETENTION_DAYS: must be at least BODY_RETENTION_DAYS')
})
