import { expect, test } from 'vitest'
import { inFewLengths, padded, textByLength } from './list-lengths.ts'

const lists = Array.from({ length: 129 }, (_, length) => Array.from({ length }, (_item, index) => index))

test('lists of all lengths up to 128 come in a few lengths, lose nothing, and grow by less than half', () => {
  expect(new Set(lists.map((list) => padded(list).length))).toEqual(new Set([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]))
  for (const list of lists) {
    expect([...new Set(padded(list))]).toEqual(list)
    expect(padded(list).length).toBeLessThanOrEqual(list.length * 1.5)
  }
})

test('a text is built once for each length', () => {
  const built: number[] = []
  const text = textByLength((length) => {
    built.push(length)
    return `in ${length}`
  })
  expect([text(2), text(3), text(2)]).toEqual(['in 2', 'in 3', 'in 2'])
  expect(built).toEqual([2, 3])
})

test('lists of all lengths are cut into groups of few sizes, and lose nothing', () => {
  const longer = Array.from({ length: 200 }, (_, index) => index)
  for (const list of [...lists, longer]) expect(inFewLengths(list, 128).flat()).toEqual(list)
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128]
  expect(new Set(lists.flatMap((list) => inFewLengths(list, 128).map(({ length }) => length)))).toEqual(new Set(sizes))
  // Two statements take all but a few.
  expect(Math.max(...lists.map((list) => inFewLengths(list, 128).length))).toBe(3)
  expect(inFewLengths(longer, 128).map(({ length }) => length)).toEqual([128, 64, 8])
  expect(inFewLengths(longer, 64).map(({ length }) => length)).toEqual([64, 64, 64, 8])
  expect(inFewLengths(longer.slice(0, 31), 64).map(({ length }) => length)).toEqual([28, 3])
})
