import { streams } from '@frontdesk/contracts'
import type { SqlValue } from '@frontdesk/database'
import { analyze, explain, withConnection } from '@frontdesk/database/testing'
import { inArray, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, startHarness } from '../test/harness.ts'
import { outbox } from './tables.ts'
import { makeNewEvent } from './testing.ts'
import { dueIds, firstWaiting, rowsById, waitingCount } from './waiting.ts'

const due = new Date('2026-11-22T10:00:00Z')
const hour = 3_600_000
let harness: Harness
/** Most rows are published; of the rest some wait in each stream and in none, and some are due later. */
beforeAll(async () => {
  harness = await startHarness()
  const { database } = harness
  const events = Array.from({ length: 2_000 }, () => makeNewEvent())
  await append(database, harness.unpublished, events)
  await database.orm.execute(sql`update ${outbox} set stream_seq = id, published_at = '2026-11-22 09:00:00.000', next_attempt_at = ${due}`)
  const wait = (ids: bigint[], stream: string | null, nextAttemptAt: Date) =>
    database.orm.update(outbox).set({ stream, streamSeq: null, publishedAt: null, nextAttemptAt }).where(inArray(outbox.id, ids))
  await wait([40n, 10n], 'COMPANY', due)
  await wait([30n], 'QUARANTINE', new Date(due.getTime() - hour))
  await wait([20n], null, due)
  await wait([5n], 'INGRESS', new Date(due.getTime() + hour))
  await analyze(database, 'outbox')
})
afterAll(() => harness[Symbol.asyncDispose]())

test('what is due comes first by its time, then by its age, of every stream and of none', async () => {
  const { orm } = harness.database
  const idsOf = async (at: Date, limit: number) => (await dueIds(orm, at, limit)).map(({ id }) => id)
  expect(await idsOf(due, 10)).toEqual([30n, 10n, 20n, 40n])
  expect(await idsOf(due, 2)).toEqual([30n, 10n])
  expect(await idsOf(new Date(due.getTime() + hour), 10)).toEqual([30n, 10n, 20n, 40n, 5n])
  expect(await idsOf(new Date(due.getTime() - 2 * hour), 10)).toEqual([])
})

test('all that waits is counted, and its first found, whenever it is due', async () => {
  const { orm } = harness.database
  expect(await waitingCount(orm)).toEqual([{ rows: 5 }])
  expect(await firstWaiting(orm)).toEqual([{ id: 5n }])
})

test('the rows of ids come rising, and of none there is none', async () => {
  const { orm } = harness.database
  expect((await rowsById(orm, [40n, 10n, 30n])).map(({ id }) => id)).toEqual([10n, 30n, 40n])
  expect(await rowsById(orm, [])).toEqual([])
})

test('a sweep and the metrics read what waits from the index alone, and what is due without sorting rows', async () => {
  const { database } = harness
  const stepsOf = async (query: Parameters<typeof explain>[1]) => (await explain(database, query)).filter(({ table }) => table === 'outbox')
  const queries = [waitingCount(database.orm), firstWaiting(database.orm), dueIds(database.orm, due, 256)]
  const all = await Promise.all(queries.map(stepsOf))
  // One for each stream and one for none; their union, of 256 each, is sorted in memory.
  expect(all.map((steps) => steps.length)).toEqual([1, 1, streams.length + 1])
  for (const { type, key, Extra } of all.flat()) {
    expect({ key, type }).toEqual({ key: 'outbox_position', type: 'range' })
    expect(Extra).toContain('Using index')
    expect(Extra).not.toContain('filesort')
  }
  // Of 2,000, of which five wait.
  for (const query of queries) expect(await rowsRead(query)).toBeLessThanOrEqual(10)
})

async function rowsRead(query: { toSQL(): { sql: string; params: unknown[] } }): Promise<number> {
  const { sql: text, params } = query.toSQL()
  return withConnection(harness.database, async (connection) => {
    const read = async () => {
      const { rows } = await connection.execute("show session status where variable_name in ('Handler_read_next', 'Handler_read_prev')", [])
      return rows.reduce((sum, row) => sum + Number(row['Value']), 0)
    }
    const before = await read()
    await connection.execute(text, params as SqlValue[])
    return (await read()) - before
  })
}
