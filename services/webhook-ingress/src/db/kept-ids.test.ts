import { deriveEventId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { createKeptIds } from './kept-ids.ts'

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => deriveEventId([String(index)]))

test('the last id is remembered, whatever was before, and no other is taken for it', () => {
  const ids = createKeptIds(8)
  const all = idsOf(200)
  for (const [index, id] of all.entries()) {
    expect(ids.has(id)).toBe(false)
    ids.add(id)
    expect(ids.has(id)).toBe(true)
    expect(all.filter((each) => ids.has(each)).length).toBeLessThanOrEqual(Math.min(8, index + 1))
  }
})

test('most of as many ids as a quarter of the places are remembered', () => {
  const ids = createKeptIds(4_096)
  const all = idsOf(1_024)
  for (const id of all) ids.add(id)
  const remembered = all.filter((id) => ids.has(id)).length
  expect(remembered).toBeGreaterThan(850)
  expect(
    idsOf(3_000)
      .slice(1_024)
      .some((id) => ids.has(id)),
  ).toBe(false)
})

test('an id that comes again takes no other’s place', () => {
  const ids = createKeptIds(4_096)
  const [first, second] = [deriveEventId(['1']), deriveEventId(['2'])]
  for (const id of [first, second, second, second]) ids.add(id)
  expect([first, second].map((id) => ids.has(id))).toEqual([true, true])
})
