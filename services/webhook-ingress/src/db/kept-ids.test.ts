import { deriveEventId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { createKeptIds } from './kept-ids.ts'

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => deriveEventId([String(index)]))

test('of a bucket the last four are remembered, and no other is taken for one of them', () => {
  const ids = createKeptIds(4)
  const all = idsOf(50)
  for (const [index, id] of all.entries()) {
    expect(ids.has(id)).toBe(false)
    ids.add(id)
    expect(all.filter((each) => ids.has(each))).toEqual(all.slice(Math.max(0, index - 3), index + 1))
  }
})

test('of as many as a tenth of what there is room for hardly one is forgotten', () => {
  const ids = createKeptIds(40_000)
  const all = idsOf(50_000)
  for (const id of all) ids.add(id)
  const forgotten = all.slice(-4_000).filter((id) => !ids.has(id))
  expect(forgotten.length).toBeLessThan(8)
})

test('an id that comes again takes no other’s place', () => {
  const ids = createKeptIds(4)
  const [first, second] = [deriveEventId(['1']), deriveEventId(['2'])]
  for (const id of [first, second, second, second, second, second]) ids.add(id)
  expect([first, second].map((id) => ids.has(id))).toEqual([true, true])
})

test('what was cleared is forgotten, and what comes after that remembered', () => {
  const ids = createKeptIds(4_000)
  const all = idsOf(100)
  for (const id of all) ids.add(id)
  ids.clear()
  expect(all.some((id) => ids.has(id))).toBe(false)
  for (const id of all.slice(50)) ids.add(id)
  expect(all.filter((id) => ids.has(id))).toEqual(all.slice(50))
  ids.clear()
  expect(all.some((id) => ids.has(id))).toBe(false)
})
