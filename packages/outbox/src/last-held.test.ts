import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findLastHeld } from './last-held.ts'

/** A service's positions in a stream of which the messages above `end` are gone. */
const lossy = fc.record({
  positions: fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 200 }),
  end: fc.nat({ max: 99_999 }),
  first: fc.integer({ min: 1, max: 100_000 }),
})

test('of any rows of a stream that lost its end, those above what is found are exactly the lost ones', async () => {
  await fc.assert(
    fc.asyncProperty(lossy, async ({ positions, end, first }) => {
      const rows = positions.toSorted((a, b) => a - b).map((sequence) => ({ sequence }))
      const lost = positions.filter((position) => position > end && position >= first)
      fc.pre(lost.length > 0)
      let looks = 0
      const lastHeld = await findLastHeld({
        heldThrough: Math.min(first - 1, Math.max(...lost) - 1),
        lostAt: Math.max(...lost),
        newestAtOrBelow: async (sequence) => rows.findLast((row) => row.sequence <= sequence),
        isHeld: async ({ sequence }) => {
          looks += 1
          return sequence < first || sequence <= end
        },
      })
      expect(positions.filter((position) => position > lastHeld).toSorted()).toEqual(lost.toSorted())
      expect(looks).toBeLessThanOrEqual(Math.ceil(Math.log2(100_001)) + 1)
    }),
    { numRuns: 2_000 },
  )
})

test('a row whose position another row took since is among the lost', async () => {
  const found = await findLastHeld({
    heldThrough: 4,
    lostAt: 5,
    newestAtOrBelow: () => Promise.reject(new Error('there is nothing to look for')),
    isHeld: () => Promise.resolve(true),
  })
  expect(found).toBe(4)
})
