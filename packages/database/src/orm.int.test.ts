import { type CompanyId, deriveEventId } from '@frontdesk/contracts'
import { and, count, desc, eq, exists, gt, inArray, like, or, sql } from 'drizzle-orm'
import { union } from 'drizzle-orm/mysql-core'
import { beforeAll, afterAll, expect, test } from 'vitest'
import { counters, type Fixture, guests, newCompany, startFixture, visits } from '../test/fixture.ts'
import { insertedValues } from './inserted-values.ts'
import { withTransaction } from './transaction.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

/** A company with three visits, two of them of one guest. */
async function seedCompany() {
  const companyId = newCompany()
  const { orm } = fixture.database
  await orm.insert(guests).values({ companyId, guestId: 7, name: 'Ada' })
  await orm.insert(visits).values([
    { companyId, visitId: 1, guestId: 7, startsAt: new Date('2026-03-01T10:00:00Z') },
    { companyId, visitId: 2, guestId: 7, startsAt: new Date('2026-03-02T10:00:00Z'), title: 'cut' },
    { companyId, visitId: 3 },
  ])
  return { companyId, orm, ofCompany: eq(visits.companyId, companyId) }
}

test('what is written in a column of each kind is read back as it was', async () => {
  const companyId = newCompany()
  const { orm } = fixture.database
  const rows = [
    {
      companyId,
      visitId: 1,
      guestId: -7,
      title: 'Grüße 🎉 ’ \\ \u0000',
      event: deriveEventId(['a']),
      name: 'trailing  ',
      body: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      startsAt: new Date('2026-03-29T01:30:00.123Z'),
      details: { text: '"quoted"', list: [1, null, { deep: true }], number: 0.1 },
      size: 18_446_744_073_709_551_615n,
      weight: 0.1,
    },
    {
      companyId,
      visitId: 2,
      guestId: null,
      title: '',
      event: null,
      name: '',
      body: Buffer.alloc(0),
      startsAt: null,
      details: 'a text',
      size: 0n,
      weight: -0.5,
    },
    {
      companyId,
      visitId: 3,
      guestId: 2_147_483_647,
      title: 'x',
      event: null,
      name: null,
      body: null,
      startsAt: new Date(0),
      details: [],
      size: 9_007_199_254_740_993n,
      weight: 1e300,
    },
  ]
  await orm.insert(visits).values(rows)
  expect(await orm.select().from(visits).where(eq(visits.companyId, companyId)).orderBy(visits.visitId)).toEqual(rows)
  // Exactly this one, not its neighbours in floating point.
  expect(await orm.$count(visits, and(eq(visits.companyId, companyId), eq(visits.size, 9_007_199_254_740_993n)))).toBe(1)
  expect(await orm.$count(visits, and(eq(visits.companyId, companyId), eq(visits.size, 9_007_199_254_740_992n)))).toBe(0)
})

test('a 4 MB body and a plain Uint8Array keep every byte', async () => {
  const companyId = newCompany()
  const { orm } = fixture.database
  const body = Uint8Array.from({ length: 4 * 1024 * 1024 }, (_, n) => n % 251)
  await orm.insert(visits).values({ companyId, visitId: 1, body })
  const [row] = await orm.select({ body: visits.body }).from(visits).where(eq(visits.companyId, companyId))
  expect(Buffer.compare(row?.body ?? Buffer.alloc(0), body)).toBe(0)
})

test('raw statements give Dates, safe integers as numbers and larger ones as text', async () => {
  const { rows, insertId, affectedRows } = await withTransaction(fixture.database, (tx) =>
    tx.execute('select ? as at, ? as small, ? as large, ? as yes, ? as nothing, ? as bytes, ? as half', [
      new Date('2026-01-01T00:00:00.500Z'),
      42,
      2n ** 63n,
      true,
      null,
      new Uint8Array([1, 2]),
      0.5,
    ]),
  )
  expect(rows[0]).toMatchObject({ small: 42, large: '9223372036854775808', yes: 1, nothing: null, half: 0.5 })
  expect(Buffer.from(rows[0]?.['bytes'] as Uint8Array)).toEqual(Buffer.from([1, 2]))
  expect({ insertId, affectedRows }).toEqual({ insertId: 0n, affectedRows: 0 })
})

test('selects with joins, sub-queries, unions and aggregates run', async () => {
  const { companyId, orm, ofCompany } = await seedCompany()
  const sameGuest = and(eq(guests.companyId, visits.companyId), eq(guests.guestId, visits.guestId))
  const joined = await orm.select().from(visits).leftJoin(guests, sameGuest).where(ofCompany).orderBy(desc(visits.visitId))
  expect(joined.map((row) => row.guests?.name)).toEqual([undefined, 'Ada', 'Ada'])
  expect(await orm.select({ name: guests.name }).from(visits).innerJoin(guests, sameGuest).where(ofCompany)).toHaveLength(2)
  const perGuest = await orm
    .select({ guestId: visits.guestId, n: count() })
    .from(visits)
    .where(ofCompany)
    .groupBy(visits.guestId)
    .having(gt(count(), 1))
  expect(perGuest).toEqual([{ guestId: 7, n: 2 }])
  const known = orm.select({ guestId: guests.guestId }).from(guests).where(eq(guests.companyId, companyId))
  expect(
    await orm
      .select()
      .from(visits)
      .where(and(ofCompany, inArray(visits.guestId, known))),
  ).toHaveLength(2)
  expect(
    await orm
      .select()
      .from(visits)
      .where(and(ofCompany, exists(orm.select().from(guests).where(sameGuest)))),
  ).toHaveLength(2)
  const recent = orm.$with('recent').as(orm.select({ id: visits.visitId }).from(visits).where(ofCompany))
  expect(await orm.with(recent).select().from(recent).where(gt(recent.id, 1))).toHaveLength(2)
  const inner = orm.select({ id: visits.visitId }).from(visits).where(ofCompany).as('inner_visits')
  expect(await orm.select().from(inner).limit(2)).toHaveLength(2)
  const both = union(
    orm.select({ id: visits.visitId }).from(visits).where(ofCompany),
    orm.select({ id: guests.guestId }).from(guests).where(eq(guests.companyId, companyId)),
  )
  expect(await both.limit(10)).toHaveLength(4)
})

test('pages with limit and offset parameters, and conditions in parentheses, run', async () => {
  const { orm, ofCompany } = await seedCompany()
  const page = (limit: number, offset: number) =>
    orm.select({ id: visits.visitId }).from(visits).where(ofCompany).orderBy(visits.visitId).limit(limit).offset(offset)
  expect(await page(2, 0)).toEqual([{ id: 1 }, { id: 2 }])
  expect(await page(2, 2)).toEqual([{ id: 3 }])
  expect(
    await orm
      .select()
      .from(visits)
      .where(and(ofCompany, or(like(visits.title, 'c%'), eq(visits.visitId, 3)))),
  ).toHaveLength(2)
  expect(
    await orm
      .select()
      .from(visits)
      .where(and(eq(visits.title, 'cut'), and(ofCompany, gt(visits.visitId, 0)))),
  ).toHaveLength(1)
  expect(await orm.$count(visits, ofCompany)).toBe(3)
  expect(
    await orm
      .select({ n: sql<number>`count(*)` })
      .from(visits)
      .where(ofCompany),
  ).toEqual([{ n: 3 }])
})

test('rows that another transaction has locked are skipped', async () => {
  const { orm: _, ofCompany, companyId } = await seedCompany()
  const taken = (id: number) => and(ofCompany, eq(visits.visitId, id))
  await withTransaction(fixture.database, async (tx) => {
    await tx.orm.select().from(visits).where(taken(1)).for('update')
    const others = await withTransaction(fixture.database, (second) =>
      second.orm
        .select({ id: visits.visitId })
        .from(visits)
        .where(and(eq(visits.companyId, companyId), inArray(visits.visitId, [1, 2])))
        .for('update', { skipLocked: true }),
    )
    expect(others).toEqual([{ id: 2 }])
  })
})

test('upserts, updates, deletes and generated ids run', async () => {
  const { companyId, orm, ofCompany } = await seedCompany()
  const upserted = [1, 2, 9].map((visitId) => ({ companyId, visitId, title: `again ${visitId}` }))
  await orm
    .insert(visits)
    .values(upserted)
    .onDuplicateKeyUpdate({ set: insertedValues({ title: visits.title }) })
  await orm
    .insert(visits)
    .values(upserted)
    .onDuplicateKeyUpdate({ set: { companyId: sql`company_id` } })
  const titles = await orm.select({ title: visits.title }).from(visits).where(ofCompany).orderBy(visits.visitId)
  expect(titles.map(({ title }) => title)).toEqual(['again 1', 'again 2', 'untitled', 'again 9'])
  const [updated] = await orm
    .update(visits)
    .set({ title: 'new', guestId: sql`${visits.guestId} + 1` })
    .where(and(ofCompany, inArray(visits.visitId, [1, 2])))
  expect(updated.affectedRows).toBe(2)
  const [deleted] = await orm.delete(visits).where(and(ofCompany, gt(visits.visitId, 2)))
  expect(deleted.affectedRows).toBe(2)
  const [generated] = await orm
    .insert(counters)
    .values({ name: `generated ${companyId}` })
    .$returningId()
  const named = eq(counters.name, `generated ${companyId}`)
  expect((await orm.select().from(counters).where(named)).map(({ id }) => String(id))).toEqual([String(generated?.id)])
})

test('a prepared Drizzle query with placeholders runs, with its company checked each time', async () => {
  const { companyId, orm } = await seedCompany()
  const byCompany = orm
    .select({ id: visits.visitId })
    .from(visits)
    .where(eq(visits.companyId, sql.placeholder('companyId')))
    .prepare()
  expect(await byCompany.execute({ companyId })).toHaveLength(3)
  expect(await byCompany.execute({ companyId: newCompany() })).toHaveLength(0)
  await expect(byCompany.execute({ companyId: 0 })).rejects.toThrow("has to be a company's id")
})

test('an id that no id can be is the caller’s mistake, not the server’s', async () => {
  const { orm } = fixture.database
  const find = async (id: string) =>
    orm
      .select()
      .from(visits)
      .where(eq(visits.companyId, id as CompanyId))
  await expect(find('cmp_ü')).rejects.toMatchObject({ code: 'invalid_argument' })
  expect(await find(`cmp_${'x'.repeat(500)}`)).toEqual([])
})

test('an id is compared by its bytes: case counts', async () => {
  const { companyId, orm } = await seedCompany()
  expect(
    await orm
      .select()
      .from(visits)
      .where(eq(visits.companyId, companyId.toUpperCase() as CompanyId)),
  ).toEqual([])
})
