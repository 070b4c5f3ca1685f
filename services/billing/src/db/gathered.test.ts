import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { gathered } from './gathered.ts'

test('what comes at once is written at once, and what comes meanwhile in the next batch', async () => {
  const batches: number[][] = []
  const first = Promise.withResolvers<void>()
  const write = gathered<number>(async (items) => {
    batches.push([...items])
    if (batches.length === 1) await first.promise
  }, 3)
  const early = [write(1), write(2)]
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  const late = [3, 4, 5, 6].map(write)
  expect(batches).toEqual([[1, 2]])
  first.resolve()
  await Promise.all([...early, ...late])
  expect(batches).toEqual([[1, 2], [3, 4, 5], [6]])
})

test('one that can’t be written fails alone, and the next batch is written', async () => {
  const write = gathered<string>((items) => (items.includes('bad') ? Promise.reject(new Error('no')) : Promise.resolve()), 2)
  const outcomes = await Promise.allSettled(['bad', 'beside', 'good'].map(write))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})

test('where nothing can be written now, nobody waits for each by itself', async () => {
  let writes = 0
  const write = gathered<number>(() => {
    writes += 1
    return Promise.reject(new FrontdeskError('unavailable', { publicMessage: 'away' }))
  }, 3)
  const outcomes = await Promise.allSettled([1, 2, 3].map(write))
  expect([writes, outcomes.map(({ status }) => status)]).toEqual([1, ['rejected', 'rejected', 'rejected']])
})
