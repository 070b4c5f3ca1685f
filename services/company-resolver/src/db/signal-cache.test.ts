import { expect, test } from 'vitest'
import { createSignalCache } from './signal-cache.ts'

const signal = (value: string, companyId = 'cmp_a') => ({
  kind: 'voice_agent' as const,
  value,
  companyId,
  validFrom: undefined,
  validUntil: undefined,
  deactivatedAt: null,
})

test('what was read of a version is known for it, what nobody has too', () => {
  const cache = createSignalCache(10)
  expect(cache.lookUp(1n, ['a', 'b'])).toEqual({ found: [], missing: ['a', 'b'] })
  cache.keep(1n, ['a', 'b'], [signal('a'), signal('a', 'cmp_b')])
  expect(cache.lookUp(1n, ['a', 'b', 'c'])).toEqual({ found: [signal('a'), signal('a', 'cmp_b')], missing: ['c'] })
})

test('another version knows nothing of it, and an older one neither reads nor writes', () => {
  const cache = createSignalCache(10)
  cache.keep(1n, ['a'], [signal('a')])
  expect(cache.lookUp(2n, ['a'])).toEqual({ found: [], missing: ['a'] })
  cache.keep(1n, ['a'], [signal('a')])
  expect(cache.lookUp(2n, ['a'])).toEqual({ found: [], missing: ['a'] })
  cache.keep(2n, ['a'], [])
  expect(cache.lookUp(1n, ['a'])).toEqual({ found: [], missing: ['a'] })
  expect(cache.lookUp(2n, ['a'])).toEqual({ found: [], missing: [] })
})

test('it holds so many values, and lets go of the one unused for the longest', () => {
  const cache = createSignalCache(2)
  cache.keep(1n, ['a', 'b'], [])
  cache.lookUp(1n, ['a'])
  cache.keep(1n, ['c'], [])
  expect(cache.lookUp(1n, ['a', 'b', 'c']).missing).toEqual(['b'])
})
