import { and, eq, inArray, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { guests, newCompany, startFixture, visits, counters } from '../test/fixture.ts'
import { withTransaction, insertedValues } from './index.ts'

test('smoke', async () => {
  await using f = await startFixture()
  const { database } = f
  const c = newCompany()
  await withTransaction(database, async (tx) => {
    await tx.orm.insert(visits).values([
      { companyId: c, visitId: 1, event: 'ab'.repeat(32) as never, name: 'ü ', body: Buffer.from([0, 255, 128]), startsAt: new Date('2026-03-01T10:00:00.123Z'), details: { a: [1, 'x'] }, size: 18446744073709551615n, weight: 1.5 },
      { companyId: c, visitId: 2, guestId: 3 },
    ])
    console.log(await tx.execute('select * from visits where company_id = ?', [c]))
    await tx.orm.insert(guests).values({ companyId: c, guestId: 3, name: 'x' }).onDuplicateKeyUpdate({ set: insertedValues({ name: guests.name }) })
    const rows = await tx.orm.select().from(visits).leftJoin(guests, and(eq(guests.companyId, visits.companyId), eq(guests.guestId, visits.guestId))).where(and(eq(visits.companyId, c), inArray(visits.visitId, [1, 2]))).orderBy(visits.visitId).limit(10).offset(0).for('update', { skipLocked: true })
    console.log(rows)
    console.log(await tx.orm.$count(visits, eq(visits.companyId, c)), await tx.orm.select({ n: sql<number>`count(*)` }).from(visits).where(eq(visits.companyId, c)))
    console.log(await tx.execute('insert into counters (name) values (?), (?)', ['a', 'b']), await tx.orm.insert(counters).values({ name: 'c' }).$returningId())
  })
  console.log(await database.orm.update(visits).set({ title: 'b' }).where(eq(visits.companyId, c)))
  console.log(await database.orm.delete(visits).where(and(eq(visits.companyId, c), eq(visits.size, 18446744073709551615n))))
  expect(1).toBe(1)
})
