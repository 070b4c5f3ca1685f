import { eventually } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { startDrain } from './drain.ts'

/** Work in memory that counts who takes it on. */
function workload(count: number) {
  const due = Array.from({ length: count }, (_, index) => index)
  const claims: number[] = []
  const done: number[] = []
  return {
    due,
    claims,
    done,
    claim: async (limit: number) => {
      claims.push(limit)
      return due.splice(0, limit)
    },
  }
}

const options = { concurrency: 3, gatherMs: 5, pollMs: 60_000, failed: () => undefined }

test('everything due is done, so many at once, without being woken for each', async () => {
  const work = workload(20)
  let most = 0
  let now = 0
  await using _drain = startDrain({
    ...options,
    claim: work.claim,
    run: async (item) => {
      most = Math.max(most, ++now)
      await new Promise(setImmediate)
      now--
      work.done.push(item)
    },
  })
  await eventually(() => expect(work.done).toHaveLength(20))
  expect(most).toBe(3)
})

test('one item that hangs keeps its place and no other', async () => {
  const work = workload(10)
  const { promise: hanging, resolve } = Promise.withResolvers<void>()
  await using drain = startDrain({
    ...options,
    claim: work.claim,
    run: async (item) => {
      if (item === 0) await hanging
      work.done.push(item)
    },
  })
  await eventually(() => expect(work.done).toHaveLength(9))
  work.due.push(10)
  drain.wake()
  await eventually(() => expect(work.done).toContain(10))
  resolve()
  await eventually(() => expect(work.done).toContain(0))
})

test('a wake during a claim has it look once more', async () => {
  const work = workload(0)
  const { promise: reading, resolve } = Promise.withResolvers<void>()
  await using drain = startDrain({
    ...options,
    claim: async (limit) => {
      const found = await work.claim(limit)
      await reading
      return found
    },
    run: async (item) => void work.done.push(item),
  })
  await eventually(() => expect(work.claims).toHaveLength(1))
  work.due.push(1)
  drain.wake()
  resolve()
  await eventually(() => expect(work.done).toEqual([1]))
})

test('a claim that fails is told, and the next look comes by itself', async () => {
  const failures: unknown[] = []
  const work = workload(2)
  let broken = true
  await using _drain = startDrain({
    ...options,
    pollMs: 10,
    failed: (error) => void failures.push(error),
    claim: async (limit) => {
      if (!broken) return work.claim(limit)
      broken = false
      throw new Error('away')
    },
    run: async (item) => void work.done.push(item),
  })
  await eventually(() => expect(work.done).toHaveLength(2))
  expect(failures).toHaveLength(1)
})

test('its disposal takes nothing more on, and waits for what is under way', async () => {
  const work = workload(1)
  const { promise: release, resolve } = Promise.withResolvers<void>()
  const drain = startDrain({
    ...options,
    claim: work.claim,
    run: async (item) => {
      await release
      work.done.push(item)
    },
  })
  await eventually(() => expect(work.claims.length).toBeGreaterThan(0))
  const disposed = drain[Symbol.asyncDispose]()
  work.due.push(5)
  drain.wake()
  resolve()
  await disposed
  expect(work.done).toEqual([0])
})

test('a disposal while it waits to claim takes nothing on', async () => {
  const work = workload(1)
  const drain = startDrain({ ...options, gatherMs: 60_000, claim: work.claim, run: async (item) => void work.done.push(item) })
  await drain[Symbol.asyncDispose]()
  expect(work.claims).toEqual([])
})

test('while it is busy it takes several on at a time', async () => {
  const work = workload(60)
  await using _drain = startDrain({
    ...options,
    concurrency: 8,
    claim: work.claim,
    run: async (item) => {
      // Each ends in a turn of its own.
      for (let turns = item % 8; turns >= 0; turns--) await new Promise(setImmediate)
      work.done.push(item)
    },
  })
  await eventually(() => expect(work.done).toHaveLength(60))
  expect(Math.min(...work.claims)).toBeGreaterThanOrEqual(4)
})
