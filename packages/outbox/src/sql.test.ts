import { expect, test } from 'vitest'
import { clipped, sqlInstant } from './sql.ts'

test('an instant is UTC with milliseconds', () => {
  expect(sqlInstant(new Date('2026-03-29T01:30:00.120+02:00'))).toBe('2026-03-28 23:30:00.120')
})

test('text is cut by bytes, never inside a character', () => {
  expect(clipped('kurz', 255)).toBe('kurz')
  expect(clipped('ä'.repeat(10), 5)).toBe('ää')
  expect(Buffer.byteLength(clipped('😀'.repeat(100), 255))).toBeLessThanOrEqual(255)
})
