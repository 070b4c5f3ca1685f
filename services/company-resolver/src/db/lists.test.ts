import { expect, test } from 'vitest'
import { inPowersOfTwo, padded } from './lists.ts'

test('lists of all lengths up to 200 share nine statements, and lose nothing', () => {
  const lists = Array.from({ length: 201 }, (_, length) => Array.from({ length }, (_item, index) => index))
  expect(new Set(lists.map((list) => padded(list).length))).toEqual(new Set([0, 1, 2, 4, 8, 16, 32, 64, 128, 256]))
  for (const list of lists) {
    expect([...new Set(padded(list))]).toEqual(list)
    expect(inPowersOfTwo(list, 128).flat()).toEqual(list)
  }
  expect(inPowersOfTwo(lists[200] ?? [], 128).map(({ length }) => length)).toEqual([128, 64, 8])
  expect(inPowersOfTwo(lists[200] ?? [], 64).map(({ length }) => length)).toEqual([64, 64, 64, 8])
})
