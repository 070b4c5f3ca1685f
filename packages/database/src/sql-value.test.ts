import { expect, test } from 'vitest'
import { toDriverValue } from './sql-value.ts'

test.each([{}, [1], undefined, () => 1, Symbol('a'), Number.NaN, Number.POSITIVE_INFINITY, 2n ** 64n, -(2n ** 63n) - 1n])(
  '%o can’t be a parameter',
  (value) => {
    expect(() => toDriverValue(value)).toThrow(/./)
  },
)

test('integers travel as BIGINT, unsigned where they need it', () => {
  expect(toDriverValue(5)).toMatchObject({ value: 5n, unsigned: false })
  expect(toDriverValue(-5n)).toMatchObject({ value: -5n, unsigned: false })
  expect(toDriverValue(2n ** 64n - 1n)).toMatchObject({ value: 2n ** 64n - 1n, unsigned: true })
  expect(toDriverValue(0.5)).toBe(0.5)
})

test('bytes keep their place in a larger buffer', () => {
  const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)
  expect(toDriverValue(view)).toEqual(Buffer.from([2, 3]))
})
