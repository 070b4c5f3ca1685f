import { acrossCompanies } from './across-companies.ts'
import { deriveEventId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { counters, newCompany, startFixture, visits } from '../test/fixture.ts'
import { isDuplicateKey } from './database-errors.ts'
import { rowInsert } from './row-insert.ts'
import { withTransaction } from './transaction.ts'

const insertVisits = rowInsert(
  visits,
  ['companyId', 'visitId', 'title', 'event', 'name', 'body', 'startsAt', 'details', 'size', 'weight'],
  { onDuplicate: ['title', 'details'] },
)

test('what it inserts reads back as what Drizzle inserts, in lists of all lengths', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  const [ours, theirs] = [newCompany(), newCompany()]
  const rows = Array.from({ length: 201 }, (_, visitId) => ({
    visitId,
    title: `visit ${visitId} 🦊`,
    event: visitId % 3 === 0 ? null : deriveEventId([String(visitId)]),
    name: visitId % 5 === 0 ? null : 'Zoë',
    body: Buffer.from([visitId % 256, 0, 255]),
    startsAt: new Date(Date.UTC(2026, 4, 1) + visitId),
    details: visitId % 7 === 0 ? null : { visitId, text: "'; drop table visits; --" },
    size: 2n ** 60n + BigInt(visitId),
    weight: visitId / 3,
  }))
  const statements = insertVisits(rows.map((row) => ({ ...row, companyId: ours })))
  expect(statements.map(({ params }) => params.length / 10)).toEqual([128, 64, 8, 1])
  await withTransaction(database, (tx) => tx.executeAll(statements))
  await database.orm.insert(visits).values(rows.map((row) => ({ ...row, companyId: theirs })))
  const all = await acrossCompanies('test', () => database.orm.select().from(visits).orderBy(visits.companyId, visits.visitId))
  const of = (company: string) => all.filter(({ companyId }) => companyId === company).map((row) => ({ ...row, companyId: '' }))
  expect(of(ours)).toEqual(of(theirs))
  expect(of(ours)).toHaveLength(201)
})

test('a row that is there takes the new values of the named columns alone, and else fails its statement', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  const companyId = newCompany()
  const row = {
    companyId,
    visitId: 1,
    title: 'first',
    details: null,
    weight: 1,
    event: null,
    name: null,
    body: null,
    startsAt: null,
    size: null,
  }
  const run = (statements: ReturnType<typeof insertVisits>) => withTransaction(database, (tx) => tx.executeAll(statements))
  await run(insertVisits([row]))
  await run(insertVisits([{ ...row, title: 'second', weight: 2 }]))
  const rows = await acrossCompanies('test', () => database.orm.select().from(visits))
  expect(rows).toMatchObject([{ title: 'second', weight: 1 }])

  const insertCounters = rowInsert(counters, ['name'])
  await expect(run(insertCounters([{ name: 'a' }, { name: 'a' }]))).rejects.toSatisfy(isDuplicateKey)
  const counting = rowInsert(counters, ['name', 'value'], { onDuplicate: 'value = value + values(value)' })
  await run(counting([{ name: 'a', value: 1 }]))
  await run(counting([{ name: 'a', value: 2 }]))
  expect(await database.orm.select({ value: counters.value }).from(counters)).toEqual([{ value: 3 }])
})

test('nothing makes no statement', () => {
  expect(insertVisits([])).toEqual([])
})
