import { expect, test } from 'vitest'
import { median, quantile } from './statistics.ts'

test('the median is the middle one, or the mean of the two', () => {
  expect(median([10, 9, 100])).toBe(10)
  expect(median([4, 100, 1, 2])).toBe(3)
  expect(median([])).toBeNaN()
})

test('a quantile is a value that was measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(quantile(hundred, 0.5)).toBe(51)
  expect(quantile(hundred, 0.99)).toBe(100)
  expect(quantile([7], 0.99)).toBe(7)
})
