import { QueryPromise } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { acrossCompanies, reasonAcrossCompanies } from './across-companies.ts'

/** Begins when it is awaited, as every query of Drizzle's does. */
class LazyQuery extends QueryPromise<string | undefined> {
  override execute(): Promise<string | undefined> {
    return Promise.resolve(reasonAcrossCompanies())
  }
}

test('a query that begins only when it is awaited is inside the scope, and what comes after is not', async () => {
  expect(await acrossCompanies('a test', () => new LazyQuery())).toBe('a test')
  expect(reasonAcrossCompanies()).toBeUndefined()
})
