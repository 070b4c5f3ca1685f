import { expect, test } from 'vitest'
import { publishBackoffMs } from './publisher.ts'

test('a row that is itself at fault backs off up to ten minutes', () => {
  expect([1, 2, 3, 10, 50].map((failures) => publishBackoffMs('too_large', failures))).toEqual([1_000, 2_000, 4_000, 512_000, 600_000])
})

test('a broker in trouble is tried again within 30 seconds', () => {
  expect([1, 5, 50].map((failures) => publishBackoffMs('timeout', failures))).toEqual([1_000, 16_000, 30_000])
})
