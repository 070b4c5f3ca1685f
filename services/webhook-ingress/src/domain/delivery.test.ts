import { expect, test } from 'vitest'
import { headersToKeep } from './delivery.ts'

test('no credential of a delivery can be read from the ledger', () => {
  const kept = headersToKeep({
    'X-Retell-Signature': 'v=1,d=ab',
    authorization: 'Bearer x',
    cookie: 'a=b',
    'x-api-key': 'k',
    'content-type': 'application/json',
    'x-many': ['a', 'b'],
    'x-none': undefined,
  })
  expect(kept).toEqual({
    'x-retell-signature': '[masked]',
    authorization: '[masked]',
    cookie: '[masked]',
    'x-api-key': '[masked]',
    'content-type': 'application/json',
    'x-many': 'a, b',
  })
})
