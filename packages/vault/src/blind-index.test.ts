import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBlindIndex } from './blind-index.ts'

const key = createSecretKey(randomBytes(32))
const column = { companyId: 'cmp_1', table: 'connections', column: 'current_secret' }
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('equal values have one index and different ones have different ones', () => {
  const index = createBlindIndex(key, column)
  const again = createBlindIndex(key, column)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, two) => {
      // Half a surrogate pair has no UTF-8 of its own.
      fc.pre(one.isWellFormed() && two.isWellFormed())
      expect(index(one)).toHaveLength(32)
      expect(hex(index(one)) === hex(again(two))).toBe(one === two)
    }),
  )
})

test('no column, company or key shares an index with another, nor with the bare HMAC', () => {
  const { companyId: _, ...ofAll } = column
  const indexes = [
    createBlindIndex(key, column),
    createBlindIndex(key, ofAll),
    createBlindIndex(key, { ...column, companyId: 'cmp_2' }),
    createBlindIndex(key, { ...column, table: 'x' }),
    createBlindIndex(key, { ...column, column: 'x' }),
    createBlindIndex(key, { ...column, table: 'connection', column: 'scurrent_secret' }),
    createBlindIndex(createSecretKey(randomBytes(32)), column),
  ].map((index) => hex(index('whsec_1')))
  const bare = createHmac('sha256', key).update('whsec_1').digest('hex')
  expect(new Set([...indexes, bare]).size).toBe(8)
})
