import { expect, test } from 'vitest'
import { createFailureCounts } from './failure-counts.ts'

test('each event has a count of its own, which ends when it is forgotten', () => {
  const counts = createFailureCounts(10)
  expect([counts.add('a'), counts.add('a'), counts.add('b'), counts.add('a')]).toEqual([1, 2, 1, 3])
  counts.forget('a')
  expect([counts.add('a'), counts.add('b')]).toEqual([1, 2])
})

test('past its limit it forgets what has not failed for the longest', () => {
  const counts = createFailureCounts(2)
  for (const key of ['a', 'b', 'a', 'c']) counts.add(key)
  expect([counts.add('a'), counts.add('c'), counts.add('b')]).toEqual([3, 2, 1])
})
