import { expect, test } from 'vitest'
import { headersToKeep, pathEndToKeep } from './delivery.ts'

test('no credential of a delivery can be read from the ledger', () => {
  const kept = headersToKeep(
    {
      'X-Retell-Signature': 'v=1,d=ab',
      authorization: 'Bearer x',
      cookie: 'a=b',
      'x-api-key': 'k',
      'content-type': 'application/json',
      'x-many': ['a', 'b'],
      'x-none': undefined,
      'x-hook-key': 'key whsec_a+b',
      referer: 'https://salon.example/?key=whsec_a%2Bb',
    },
    ['whsec_c', 'whsec_a+b'],
  )
  expect(kept).toEqual({
    'x-retell-signature': '[masked]',
    authorization: '[masked]',
    cookie: '[masked]',
    'x-api-key': '[masked]',
    'content-type': 'application/json',
    'x-many': 'a, b',
    'x-hook-key': '[masked]',
    referer: '[masked]',
  })
})

test.each([
  ['con_01m8k0w34rf269bkr8h0gcf1h9', 'con_01m8k0w34rf269bkr8h0gcf1h9'],
  ['con_1', 'con_1'],
  ['whsec_1', '[masked]'],
  ['con_01m8k0w34rf269bkr8h0gcf1h9?whsec_1', '[masked]'],
  [`con_${'0'.repeat(37)}`, '[masked]'],
])('of the path of a refused delivery, %s is kept as %s', (given, kept) => {
  expect(pathEndToKeep(given)).toBe(kept)
})
