import { expect, test } from 'vitest'
import { padded } from './padded.ts'

test('lists of all lengths up to 200 come in ten lengths, and lose nothing', () => {
  const lists = Array.from({ length: 201 }, (_, length) => Array.from({ length }, (_item, index) => index))
  expect(new Set(lists.map((list) => padded(list).length))).toEqual(new Set([0, 1, 2, 4, 8, 16, 32, 64, 128, 256]))
  for (const list of lists) expect([...new Set(padded(list))]).toEqual(list)
})
