import { expect, test } from 'vitest'
import { isStorableInstant } from './storable-instant.ts'

test.each([
  ['1970-01-01T00:00:00.000Z', true],
  ['9999-12-31T23:59:59.999Z', true],
  ['1969-12-31T23:59:59.999Z', false],
  ['+010000-01-01T00:00:00.000Z', false],
  ['+012000-01-01T00:00:00.000Z', false],
  ['-000001-01-01T00:00:00.000Z', false],
  ['no instant', false],
])('%s is storable: %s', (text, storable) => {
  expect(isStorableInstant(new Date(text))).toBe(storable)
})
