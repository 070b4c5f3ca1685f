import { expect, test } from 'vitest'
import { gathered } from './gathered.ts'

const options = { mostAtOnce: 3, gatherMs: 1, batchesAtOnce: 1, worthSplitting: () => true }

/** Batches in memory, each of which ends when it is told to. */
function batchLog() {
  const batches: { readonly items: readonly number[]; readonly end: () => void }[] = []
  return {
    write: async (items: readonly number[]) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      batches.push({ items, end: resolve })
      await promise
    },
    end: (at: number) => batches[at]?.end(),
    items: () => batches.map(({ items }) => items),
  }
}

test('what comes meanwhile is written in the next batch, and no batch is too large', async () => {
  const log = batchLog()
  const write = gathered(log.write, options)
  const early = [write(1), write(2)]
  await expect.poll(log.items).toEqual([[1, 2]])
  const late = [3, 4, 5, 6].map(write)
  log.end(0)
  await Promise.all(early)
  await expect.poll(log.items).toEqual([
    [1, 2],
    [3, 4, 5],
  ])
  log.end(1)
  await expect.poll(log.items).toEqual([[1, 2], [3, 4, 5], [6]])
  log.end(2)
  await Promise.all(late)
})

test('so many batches are under way at once, and one that hangs holds up no other', async () => {
  const log = batchLog()
  const write = gathered(log.write, { ...options, batchesAtOnce: 2 })
  const all = [1, 2, 3, 4, 5, 6, 7, 8].map(write)
  await expect.poll(log.items).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ])
  log.end(1)
  await Promise.all(all.slice(3, 6))
  await expect.poll(log.items).toEqual([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8],
  ])
  log.end(0)
  log.end(2)
  await Promise.all(all)
})

test('one that can’t be written fails alone, and the next batch is written', async () => {
  const write = gathered<string>((items) => (items.includes('bad') ? Promise.reject(new Error('no')) : Promise.resolve()), {
    ...options,
    mostAtOnce: 2,
  })
  const outcomes = await Promise.allSettled(['bad', 'beside', 'good'].map(write))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})

test('where the failure is nobody’s own, nobody waits for each by itself', async () => {
  let writes = 0
  const write = gathered<number>(
    () => {
      writes += 1
      return Promise.reject(new Error('away'))
    },
    { ...options, worthSplitting: () => false },
  )
  const outcomes = await Promise.allSettled([1, 2, 3].map(write))
  expect([writes, outcomes.map(({ status }) => status)]).toEqual([1, ['rejected', 'rejected', 'rejected']])
})

test('where a batch is split and then nothing works any more, the rest is not tried', async () => {
  const tried: number[][] = []
  const write = gathered<number>(
    (items) => {
      tried.push([...items])
      return Promise.reject(new Error(items.length > 1 || items[0] === 1 ? 'refused' : 'away'))
    },
    { ...options, mostAtOnce: 4, worthSplitting: (error) => error instanceof Error && error.message === 'refused' },
  )
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(write))
  expect(tried).toEqual([[1, 2, 3, 4], [1], [2]])
  expect(outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as Error).message)).toEqual([
    'refused',
    'away',
    'away',
    'away',
  ])
})
