import { setTimeout as wait } from 'node:timers/promises'
import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { createGroupCommit, type GroupCommitOptions } from './group-commit.ts'

function group(overrides: Partial<GroupCommitOptions<number, number>> = {}) {
  const groups: number[][] = []
  const commit = createGroupCommit<number, number>({
    commit: async (items) => {
      groups.push([...items])
      return items.map((item) => item * 10)
    },
    worthSplitting: () => true,
    maxItems: 4,
    gather: { ms: 0, items: 1 },
    maxBytes: 1_000,
    concurrency: 1,
    queueBytesLimit: 10_000,
    timeoutMs: 1_000,
    ...overrides,
  })
  return { commit, groups, submit: (...items: number[]) => Promise.all(items.map((item) => commit.submit({ item, bytes: 100 }))) }
}

test('callers of the same moment share one commit and each gets its own result', async () => {
  const { groups, submit } = group()
  expect(await submit(1, 2, 3)).toEqual([10, 20, 30])
  expect(groups).toEqual([[1, 2, 3]])
})

test('the first of a group waits for others, so long or until so many are there', async () => {
  const { commit, groups, submit } = group({ gather: { ms: 50, items: 3 } })
  const first = commit.submit({ item: 1, bytes: 100 })
  await wait(10)
  await Promise.all([first, commit.submit({ item: 2, bytes: 100 })])
  const begun = performance.now()
  await submit(3, 4, 5)
  expect(performance.now() - begun).toBeLessThan(40)
  expect(groups).toEqual([
    [1, 2],
    [3, 4, 5],
  ])
})

test('who has waited for a place has gathered enough by then', async () => {
  const free = Promise.withResolvers<void>()
  let waited = 0
  const { commit } = group({
    gather: { ms: 50, items: 3 },
    commit: async (items) => {
      if (items.includes(1)) await free.promise
      else waited = performance.now()
      return items
    },
  })
  const first = commit.submit({ item: 1, bytes: 100 })
  await wait(70)
  const second = commit.submit({ item: 2, bytes: 100 })
  await wait(70)
  const freedAt = performance.now()
  free.resolve()
  await Promise.all([first, second])
  expect(waited - freedAt).toBeLessThan(40)
})

test('a group holds no more than its items and bytes allow', async () => {
  const byItems = group()
  await byItems.submit(1, 2, 3, 4, 5)
  expect(byItems.groups).toEqual([[1, 2, 3, 4], [5]])
  const byBytes = group({ maxBytes: 250 })
  await byBytes.submit(1, 2, 3)
  expect(byBytes.groups).toEqual([[1, 2], [3]])
})

test('one that is larger than a whole group is committed alone', async () => {
  const { commit, groups } = group({ maxBytes: 250 })
  await commit.submit({ item: 1, bytes: 5_000 })
  expect(groups).toEqual([[1]])
})

test('one bad member takes nobody with it', async () => {
  const groups: number[][] = []
  const { submit } = group({
    commit: async (items) => {
      groups.push([...items])
      if (items.includes(2)) throw new Error('bad row')
      return items.map((item) => item * 10)
    },
  })
  const settled = await Promise.allSettled([1, 2, 3].map((item) => submit(item)))
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(groups).toEqual([[1, 2, 3], [1], [2], [3]])
})

test('a failure that is everybody’s is told to everybody without further tries', async () => {
  let tries = 0
  const { submit } = group({
    commit: async () => {
      tries += 1
      throw new FrontdeskError('unavailable', { publicMessage: 'away' })
    },
    worthSplitting: () => false,
  })
  await expect(submit(1, 2)).rejects.toMatchObject({ code: 'unavailable' })
  expect(tries).toBe(1)
})

test('a full queue refuses at once, and a slow commit after its time', async () => {
  const { promise: never } = Promise.withResolvers<number[]>()
  const { commit } = group({ commit: () => never, queueBytesLimit: 250, timeoutMs: 30 })
  const first = commit.submit({ item: 1, bytes: 100 })
  await expect(commit.submit({ item: 2, bytes: 200 })).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 })
  await expect(first).rejects.toMatchObject({ code: 'unavailable' })
})

test('who gave up while waiting is not committed later, and makes room for others', async () => {
  const stuck = Promise.withResolvers<void>()
  const groups: number[][] = []
  const { commit } = group({
    commit: async (items) => {
      groups.push([...items])
      await stuck.promise
      return [...items]
    },
    queueBytesLimit: 150,
    timeoutMs: 30,
  })
  const inHand = commit.submit({ item: 1, bytes: 100 }).catch(() => 'gave up')
  await new Promise((resolve) => setImmediate(resolve))
  await expect(commit.submit({ item: 2, bytes: 100 })).rejects.toMatchObject({ code: 'unavailable' })
  expect(await inHand).toBe('gave up')
  const next = commit.submit({ item: 3, bytes: 100 })
  stuck.resolve()
  expect(await next).toBe(3)
  expect(groups).toEqual([[1], [3]])
})

test('idle resolves once nothing waits', async () => {
  const { promise, resolve } = Promise.withResolvers<number[]>()
  const { commit } = group({ commit: () => promise })
  await commit.idle()
  const submitted = commit.submit({ item: 1, bytes: 1 })
  const idle = commit.idle()
  resolve([10])
  expect(await submitted).toBe(10)
  await idle
})
