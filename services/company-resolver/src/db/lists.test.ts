import { expect, test } from 'vitest'
import { inPowersOfTwo } from './lists.ts'

test('lists of all lengths are cut into groups of few sizes, and lose nothing', () => {
  const lists = Array.from({ length: 201 }, (_, length) => Array.from({ length }, (_item, index) => index))
  for (const list of lists) {
    expect(inPowersOfTwo(list, 128).flat()).toEqual(list)
  }
  expect(inPowersOfTwo(lists[200] ?? [], 128).map(({ length }) => length)).toEqual([128, 64, 8])
  expect(inPowersOfTwo(lists[200] ?? [], 64).map(({ length }) => length)).toEqual([64, 64, 64, 8])
})
