import { explain } from '@frontdesk/database/testing'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, startHarness } from '../test/harness.ts'
import { forgetSettledRows, forgetText, newestOf, newestRows, refillFrom, rowsToRefill } from './positions.ts'
import { outbox } from './tables.ts'
import { makeNewEvent } from './testing.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
  await append(
    harness.database,
    harness.unpublished,
    Array.from({ length: 2_500 }, () => makeNewEvent()),
  )
  // As published, one of two to each stream, at every third sequence.
  await harness.database.orm.execute(
    sql`update ${outbox} set stream = if(id % 2 = 0, 'COMPANY', 'QUARANTINE'), stream_seq = id * 3, published_at = '2026-11-22 10:00:00.000'`,
  )
})
afterAll(() => harness[Symbol.asyncDispose]())

const foundAtMs = Date.UTC(2026, 10, 22, 11)

test('what a check and a refill read is read from the index of positions, without sorting', async () => {
  const { orm } = harness.database
  const refill = { reason: 'lost', after: 6_000, floor: 0, foundAtMs } as const
  const past = { sequence: 7_000n, nextAttemptAt: new Date(foundAtMs), id: 5n }
  for (const query of [
    newestOf(orm, 'COMPANY', 256),
    newestOf(orm, 'COMPANY', 1, 7_000),
    rowsToRefill(orm, 'COMPANY', refill, past, 100),
    rowsToRefill(orm, 'COMPANY', { ...refill, through: 7_400 }, past, 100),
    { sql: forgetText, params: [Buffer.from('COMPANY'), 6_000, 7_400, '2026-11-22 11:00:00.000'] },
  ]) {
    const [step] = await explain(harness.database, query)
    expect(step).toMatchObject({ key: 'outbox_position', type: 'range' })
    expect(step?.Extra).not.toContain('filesort')
  }
})

test('the newest rows are those with the highest positions of their stream, and a refill takes the next in its order', async () => {
  const { database } = harness
  expect((await newestRows(database, 'COMPANY', 3)).map(({ sequence }) => sequence)).toEqual([7_500, 7_494, 7_488])
  expect((await newestRows(database, 'COMPANY', 2, 7_490)).map(({ sequence }) => sequence)).toEqual([7_488, 7_482])
  const refill = { reason: 'lost', after: 6_000, floor: 0, foundAtMs } as const
  const from = refillFrom(6_001n)
  const rows = await rowsToRefill(database.orm, 'COMPANY', refill, from, 2)
  expect(rows.map(({ streamSeq }) => streamSeq)).toEqual([6_006n, 6_012n])
  const through = await rowsToRefill(database.orm, 'COMPANY', { ...refill, through: 6_010 }, from, 10)
  expect(through.map(({ streamSeq }) => streamSeq)).toEqual([6_006n])
  expect(await rowsToRefill(database.orm, 'COMPANY', { ...refill, foundAtMs: 0 }, from, 2)).toEqual([])
})

test('of two rows at one sequence, the lost one and the one that took its place, a refill passes over neither', async () => {
  const { database } = harness
  const earlier = new Date('2026-11-21T10:00:00Z')
  await database.orm.update(outbox).set({ streamSeq: 6_012n, nextAttemptAt: earlier }).where(eq(outbox.streamSeq, 6_018n))
  const refill = { reason: 'lost', after: 6_000, floor: 0, foundAtMs } as const
  const seen: bigint[] = []
  let past = refillFrom(6_006n)
  for (let page = 0; page < 3; page++) {
    const [row] = await rowsToRefill(database.orm, 'COMPANY', refill, past, 1)
    seen.push(row?.id ?? 0n)
    past = { sequence: row?.streamSeq ?? 0n, nextAttemptAt: row?.nextAttemptAt ?? new Date(0), id: row?.id ?? 0n }
  }
  expect(seen).toEqual([2_002n, 2_006n, 2_004n])
  await database.orm.update(outbox).set({ streamSeq: 6_018n }).where(eq(outbox.id, 2_006n))
})

test('of a lost tail all settled rows lose their positions, however many, and no others', async () => {
  const refill = { reason: 'lost', after: 300, floor: 7_400, foundAtMs } as const
  await forgetSettledRows(harness.database, 'COMPANY', refill, new AbortController().signal)
  const rows = await harness.outboxRows()
  const expected = rows.map(({ id }) => id % 2n === 0n && id * 3n > 300n && id * 3n <= 7_400n)
  expect(rows.map(({ streamSeq }) => streamSeq === 0n)).toEqual(expected)
  expect(expected.filter(Boolean).length).toBeGreaterThan(1_000)
  expect(rows.every(({ publishedAt }) => publishedAt !== null)).toBe(true)
})
