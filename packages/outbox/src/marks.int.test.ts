import { analyze, explain } from '@frontdesk/database/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, startHarness } from '../test/harness.ts'
import { backOffRows, markPublished, markStatement, type PublishedRow } from './marks.ts'
import { outbox } from './tables.ts'
import { makeNewEvent } from './testing.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())
beforeEach(() => harness.database.orm.delete(outbox))

const publishedAt = new Date('2026-11-22T10:00:00.000Z')

/** So many appended rows, the first one's id before the second's. */
async function appended(count: number): Promise<bigint[]> {
  const events = Array.from({ length: count }, () => makeNewEvent())
  await append(harness.database, harness.unpublished, events)
  return (await harness.outboxRows()).map(({ id }) => id)
}

async function marks() {
  return (await harness.outboxRows()).map(({ id, stream, streamSeq, publishedAt: at }) => ({ id, stream, streamSeq, at }))
}

const published = (id: bigint, sequence: bigint, stream = 'COMPANY'): PublishedRow => ({ id, stream, sequence })
const expected = ({ id, stream, sequence }: PublishedRow) => ({ id, stream, streamSeq: sequence, at: publishedAt })

test.each([
  ['far above its id', 1_000_000_000_000n],
  ['below its id', -1n],
  ['its id', 0n],
])('rows of one run are marked, each with its own sequence, which is %s', async (_what, offset) => {
  const ids = await appended(300)
  const rows = ids.map((id) => published(id, id + offset))
  await markPublished(harness.database, rows.toReversed(), publishedAt)
  expect(await marks()).toEqual(rows.map(expected))
})

test('rows in many runs, of several streams, with rows between them that are no part of it', async () => {
  const ids = await appended(1_000)
  // As two replicas' commits come to the broker: here and there another's message, a gap, an earlier one.
  const rows = ids.flatMap((id, index) =>
    index % 7 === 3 ? [] : [published(id, BigInt(((index * 611) % 1_009) + 1), index % 5 === 0 ? 'QUARANTINE' : 'COMPANY')],
  )
  await markPublished(harness.database, rows, publishedAt)
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const mark of await marks()) {
    const row = byId.get(mark.id)
    expect(mark).toEqual(row ? expected(row) : { id: mark.id, stream: 'COMPANY', streamSeq: null, at: null })
  }
})

test('a row that is marked stays as it was marked first', async () => {
  const ids = await appended(3)
  await markPublished(harness.database, [published(ids[1] as bigint, 5n)], publishedAt)
  await markPublished(
    harness.database,
    ids.map((id, index) => published(id, BigInt(index + 100))),
    publishedAt,
  )
  expect((await marks()).map(({ streamSeq }) => streamSeq)).toEqual([100n, 5n, 102n])
})

test('a row that is given twice keeps one of its sequences, and its neighbours theirs', async () => {
  const [a, b, c] = (await appended(3)) as [bigint, bigint, bigint]
  await markPublished(harness.database, [published(a, 1n), published(b, 2n), published(b, 9n), published(c, 10n)], publishedAt)
  const sequences = (await marks()).map(({ streamSeq }) => streamSeq)
  expect(sequences[0]).toBe(1n)
  expect([2n, 9n]).toContain(sequences[1])
  expect(sequences[2]).toBe(10n)
})

test('rows are marked by the primary key, however few of many are unpublished', async () => {
  const { database } = harness
  const old = await appended(3_000)
  await markPublished(
    database,
    old.map((id) => published(id, id)),
    publishedAt,
  )
  const ids = (await appended(256)).slice(old.length).filter((_, index) => index % 2 === 0)
  await analyze(database, 'outbox')
  const runs = ids.map((id) => ({ first: id, last: id, offset: 0n }))
  expect(await explain(database, markStatement(runs, 'COMPANY', '2026-11-22 10:00:00.000'))).toMatchObject([
    { key: 'PRIMARY', type: 'range' },
  ])
})

test('a row that could not be published keeps why, and each its own time', async () => {
  const ids = await appended(150)
  const failed = ids.map((id, index) => ({ id, retryAt: new Date(publishedAt.getTime() + index * 1_000), error: `timeout: ${index}` }))
  await backOffRows(harness.database, failed.toReversed())
  const rows = await harness.outboxRows()
  expect(rows.map(({ id, nextAttemptAt, lastError, attempts }) => ({ id, retryAt: nextAttemptAt, error: lastError, attempts }))).toEqual(
    failed.map((row) => ({ ...row, attempts: 1 })),
  )
})
