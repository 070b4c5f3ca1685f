import { deriveEventId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { createKeptIds } from './kept-ids.ts'

test('the last so many ids are remembered, and at most twice as many', () => {
  const ids = createKeptIds(3)
  const all = Array.from({ length: 20 }, (_, index) => deriveEventId([String(index)]))
  for (const [index, id] of all.entries()) {
    ids.add(id)
    const remembered = all.filter((each) => ids.has(each))
    expect(remembered.length).toBeLessThanOrEqual(6)
    expect(remembered).toEqual(all.slice(index + 1 - remembered.length, index + 1))
    expect(remembered.length).toBeGreaterThanOrEqual(Math.min(3, index + 1))
  }
})

test('an id that comes again takes no other’s place', () => {
  const ids = createKeptIds(3)
  const [first, second] = [deriveEventId(['1']), deriveEventId(['2'])]
  for (const id of [first, second, second, second, second, second, second]) ids.add(id)
  expect([first, second].map((id) => ids.has(id))).toEqual([true, true])
})
