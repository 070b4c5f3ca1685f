import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, guests, newCompany, startFixture, visits } from '../test/fixture.ts'
import { keyset, type Page, pageOf, positionToken } from './keyset.ts'

let fixture: Fixture
const companyId = newCompany()
/** Two have no time, two share one: 1 to 7, with the times given here as minutes. */
const minutes = [30, undefined, 10, 20, undefined, 20, 40]

beforeAll(async () => {
  fixture = await startFixture()
  const at = (minute: number | undefined) => (minute === undefined ? null : new Date(Date.UTC(2026, 0, 1, 10, minute)))
  await fixture.database.orm.insert(visits).values(minutes.map((minute, n) => ({ companyId, visitId: n + 1, startsAt: at(minute) })))
})
afterAll(() => fixture[Symbol.asyncDispose]())

async function pages(direction: 'earliest first' | 'latest first', limit: number): Promise<number[][]> {
  const { order, behind } = keyset(visits.startsAt, visits.visitId, direction)
  const all: number[][] = []
  for (let token: string | undefined = ''; token !== undefined;) {
    const rows: (typeof visits.$inferSelect)[] = await fixture.database.orm
      .select()
      .from(visits)
      .where(and(eq(visits.companyId, companyId), behind(token)))
      .orderBy(...order)
      .limit(limit)
    const page: Page<number> = pageOf(
      rows,
      limit,
      ({ visitId }) => visitId,
      ({ startsAt, visitId }) => positionToken({ instant: startsAt, id: String(visitId) }),
    )
    all.push(page.items)
    token = page.nextPageToken === '' ? undefined : page.nextPageToken
  }
  return all
}

test.each([1, 2, 3, 7, 8])('pages of %i hold each row once, in order, also those without an instant', async (limit) => {
  expect((await pages('earliest first', limit)).flat()).toEqual([2, 5, 3, 4, 6, 1, 7])
  expect((await pages('latest first', limit)).flat()).toEqual([7, 1, 6, 4, 3, 5, 2])
})

test('only a full page leads to a next one', async () => {
  expect(await pages('earliest first', 3)).toEqual([[2, 5, 3], [4, 6, 1], [7]])
})

test.each(['x', '.', '1.', 'x.1', '-1.1', '1e3.1', '999999999999999.1', '1.a b', `1.${'a'.repeat(256)}`, '9999999999999999.1'])(
  'the token %j, which we did not give, is refused',
  (token) => {
    expect(() => keyset(visits.startsAt, visits.visitId, 'earliest first').behind(token)).toThrow(/page_token: not one that we gave/)
  },
)

test('a token without an instant is none of a list whose rows all have one', () => {
  expect(() => keyset(guests.name, guests.guestId, 'earliest first').behind('.1')).toThrow(/page_token/)
})
