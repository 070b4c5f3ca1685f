import { expect, test } from 'vitest'
import { clipped, padded, sqlInstant, sqlTuples } from './sql.ts'

test('lists of all lengths to 50 share seven statements', () => {
  const lengths = new Set(Array.from({ length: 50 }, (_, index) => padded(Array.from({ length: index + 1 })).length))
  expect([...lengths]).toEqual([1, 2, 4, 8, 16, 32, 64])
})

test('padding repeats the last item and leaves an empty list empty', () => {
  expect(padded([1, 2, 3])).toEqual([1, 2, 3, 3])
  expect(padded([])).toEqual([])
})

test('a constant stands at the end of each row', () => {
  expect(sqlTuples(2, 2, "'done'")).toBe("(?, ?, 'done'), (?, ?, 'done')")
})

test('an instant is UTC with milliseconds', () => {
  expect(sqlInstant(new Date('2026-03-29T01:30:00.120+02:00'))).toBe('2026-03-28 23:30:00.120')
})

test('text is cut by bytes, never inside a character', () => {
  expect(clipped('kurz', 255)).toBe('kurz')
  expect(clipped('ä'.repeat(10), 5)).toBe('ää')
  expect(Buffer.byteLength(clipped('😀'.repeat(100), 255))).toBeLessThanOrEqual(255)
})
