import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { pageSizeOf } from './paging.ts'

test('a page has what was asked for, 50 rows when nothing was, and never more than 200', () => {
  expect([pageSizeOf(0), pageSizeOf(1), pageSizeOf(200)]).toEqual([50, 1, 200])
  expect(() => pageSizeOf(201)).toThrow(expect.toSatisfy((error: unknown) => isFrontdeskError(error, 'invalid_argument')))
})
