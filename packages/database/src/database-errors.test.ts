import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { endsTransaction, isDeadlock, toDatabaseError } from './database-errors.ts'

/** As mysql2 throws it. */
const serverError = (errno: number) => Object.assign(new Error(`server error ${errno}`), { errno, code: 'ER_X' })

test.each([1040, 1317, 1927, 1290, 1021, 1114, 1037, 1041, 1135, 1206, 1637, 1461, 1615])(
  'the server’s trouble %i passes: unavailable, to be tried again',
  (errno) => {
    const cause = serverError(errno)
    const error = toDatabaseError(cause)
    expect(isFrontdeskError(error, 'unavailable') && error.retryable && error.cause === cause).toBe(true)
  },
)

test.each([1062, 1213, 1205, 1146, 1064, 1452])('%i concerns the statement, and stays the server’s own error', (errno) => {
  const error = serverError(errno)
  expect(toDatabaseError(error)).toBe(error)
})

test('a deadlock and a full lock table end the transaction, mapped or not, and a duplicate key does not', () => {
  expect([1213, 1206, 1062].map((errno) => endsTransaction(toDatabaseError(serverError(errno))))).toEqual([true, true, false])
  expect(isDeadlock(toDatabaseError(serverError(1206)))).toBe(false)
})
