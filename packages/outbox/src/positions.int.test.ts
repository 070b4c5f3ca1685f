import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, startHarness } from '../test/harness.ts'
import { forgetSettledRows, newestRows, rowsToRefill } from './positions.ts'
import { outbox } from './tables.ts'
import { makeNewEvent } from './testing.ts'
import { asc, eq, sql } from 'drizzle-orm'

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
  const newest = orm
    .select()
    .from(outbox)
    .where(eq(outbox.stream, 'COMPANY'))
    .orderBy(sql`${outbox.streamSeq} desc`)
    .limit(256)
  const next = orm
    .select()
    .from(outbox)
    .where(
      sql`${outbox.stream} = ${Buffer.from('COMPANY')} and ${outbox.streamSeq} >= 7000 and (${outbox.streamSeq} > 7000 or ${outbox.id} > 5) and ${outbox.publishedAt} <= ${'2026-11-22 10:00:00.000'}`,
    )
    .orderBy(asc(outbox.streamSeq), asc(outbox.id))
    .limit(100)
  for (const query of [newest, next]) {
    const plan = await orm.execute(sql`explain ${query}`)
    const [step] = plan[0] as unknown as { key: string; Extra: string }[]
    expect(step?.key).toBe('outbox_position')
    expect(step?.Extra).not.toContain('filesort')
  }
})

test('the newest rows are those with the highest positions of their stream, and a refill takes the next in its order', async () => {
  const { database } = harness
  expect((await newestRows(database, 'COMPANY', 3)).map(({ sequence }) => sequence)).toEqual([7_500, 7_494, 7_488])
  expect((await newestRows(database, 'COMPANY', 2, 7_490)).map(({ sequence }) => sequence)).toEqual([7_488, 7_482])
  const refill = { reason: 'lost', after: 6_000, floor: 0, foundAtMs } as const
  const from = { sequence: 6_001, id: 0n }
  const rows = await rowsToRefill(database, 'COMPANY', refill, from, 2)
  expect(rows.map(({ streamSeq }) => streamSeq)).toEqual([6_006n, 6_012n])
  const through = await rowsToRefill(database, 'COMPANY', { ...refill, through: 6_010 }, from, 10)
  expect(through.map(({ streamSeq }) => streamSeq)).toEqual([6_006n])
  expect(await rowsToRefill(database, 'COMPANY', { ...refill, foundAtMs: 0 }, from, 2)).toEqual([])
})

test('of two rows at one sequence, the lost one and the one that took its place, a refill passes over neither', async () => {
  const { database } = harness
  await database.orm.update(outbox).set({ streamSeq: 6_012n }).where(eq(outbox.streamSeq, 6_018n))
  const refill = { reason: 'lost', after: 6_000, floor: 0, foundAtMs } as const
  const seen: bigint[] = []
  let past = { sequence: 6_006, id: 0n }
  for (let page = 0; page < 3; page++) {
    const [row] = await rowsToRefill(database, 'COMPANY', refill, past, 1)
    seen.push(row?.id ?? 0n)
    past = { sequence: Number(row?.streamSeq), id: row?.id ?? 0n }
  }
  expect(seen).toEqual([2_002n, 2_004n, 2_006n])
  await database.orm.update(outbox).set({ streamSeq: 6_018n }).where(eq(outbox.id, 2_006n))
})

test('of a lost tail all settled rows lose their positions, however many, and no others', async () => {
  const refill = { reason: 'lost', after: 300, floor: 7_400, foundAtMs } as const
  await forgetSettledRows(harness.database, 'COMPANY', refill, new AbortController().signal)
  const rows = await harness.outboxRows()
  const expected = rows.map(({ id }) => id % 2n === 0n && id * 3n > 300n && id * 3n <= 7_400n)
  expect(rows.map(({ streamSeq }) => streamSeq === null)).toEqual(expected)
  expect(expected.filter(Boolean).length).toBeGreaterThan(1_000)
  expect(rows.every(({ publishedAt }) => publishedAt !== null)).toBe(true)
})
