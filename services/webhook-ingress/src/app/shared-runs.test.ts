import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { shareRuns } from './shared-runs.ts'

/** Runs whose result is their number, and that take as long as they are told. */
function counted(leastIntervalMs: number, takesMs = 0) {
  const begun: number[] = []
  const runs = shareRuns(async () => {
    const number = begun.push(performance.now())
    await wait(takesMs)
    return number
  }, leastIntervalMs)
  return { runs, begun }
}

test('whoever asks while a run is under way gets the next one, since that one may have missed what he asks for', async () => {
  const { runs } = counted(0, 20)
  const first = runs.next()
  await wait(5)
  expect(await Promise.all([first, runs.next(), runs.next()])).toEqual([1, 2, 2])
})

test('10,000 who ask within three intervals cost four runs at most, and nobody gets an answer from before his question', async () => {
  const { runs, begun } = counted(100)
  const asking = Array.from({ length: 100 }, async (_, index) => {
    await wait(index * 3)
    return Promise.all(
      Array.from({ length: 100 }, async () => {
        const askedAt = performance.now()
        return { askedAt, run: await runs.next() }
      }),
    )
  })
  for (const { askedAt, run } of (await Promise.all(asking)).flat()) expect(begun[run - 1]).toBeGreaterThanOrEqual(askedAt)
  expect(begun.length).toBeLessThanOrEqual(Math.ceil(((begun.at(-1) ?? 0) - (begun[0] ?? 0)) / 100) + 1)
  for (const [index, at] of begun.entries()) if (index > 0) expect(at - (begun[index - 1] ?? 0)).toBeGreaterThanOrEqual(98)
})

test('an urgent question does not wait for the interval, and takes those that wait along', async () => {
  const { runs, begun } = counted(60_000)
  await runs.next()
  const waiting = runs.next()
  expect(await Promise.all([runs.next({ urgent: true }), waiting])).toEqual([2, 2])
  expect(await runs.next({ urgent: true })).toBe(3)
  expect((begun[2] ?? 0) - (begun[0] ?? 0)).toBeLessThan(1_000)
})

test('a run that fails fails for those who shared it, and the next one runs all the same', async () => {
  let fail = true
  const runs = shareRuns(async () => {
    if (fail) throw new Error('away')
    return 'there'
  }, 0)
  const answers = await Promise.allSettled([runs.next(), runs.next()])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fail = false
  expect(await runs.next()).toBe('there')
})
