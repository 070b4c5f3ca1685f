import { expect, test } from 'vitest'
import { isCompatibleServer } from './server-version.ts'

test.each([
  ['2.9.10', false],
  ['1.99.0', false],
  ['2.10.0', true],
  ['2.10.27', true],
  ['v2.11.0-beta.1', true],
  ['2.100.0', true],
  ['3.0.0', true],
  ['', false],
  ['unknown', false],
  ['2', false],
])('a broker of version %s is compatible: %s', (version, compatible) => {
  expect(isCompatibleServer(version)).toBe(compatible)
})
