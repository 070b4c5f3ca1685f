import type { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { createConnectionSecrets } from './connection-secrets.ts'
import type { ConnectionSecrets } from './ports.ts'

const connection = (version: bigint, ...secrets: string[]): ConnectionSecrets => ({
  connectionId: 'con_1',
  provider: 'calcom',
  secrets,
  version,
})

const askAgainAfterMs = 50

function setUp(initial: readonly ConnectionSecrets[] = []) {
  const inDirectory: ConnectionSecrets[] = []
  const stored: ConnectionSecrets[] = [...initial]
  const asked: string[] = []
  const polls: number[] = []
  const notKept: unknown[] = []
  const directory = { away: false, storeAway: false }
  const cache = createConnectionSecrets({
    directory: {
      changedSince: async (version, limit) => {
        polls.push(performance.now())
        if (directory.away) throw new Error('connection refused')
        const changed = inDirectory.filter((found) => found.version > version)
        const connections = changed.slice(0, limit)
        return { connections, nextVersion: connections.at(-1)?.version ?? version, hasMore: changed.length > limit }
      },
      find: async (id) => {
        asked.push(id)
        if (directory.away) throw new Error('connection refused')
        return inDirectory.findLast(({ connectionId }) => connectionId === id)
      },
    },
    store: {
      all: async () => stored,
      save: async (connections) => (directory.storeAway ? Promise.reject(new Error('away')) : void stored.push(...connections)),
    },
    onNotKept: (error) => notKept.push(error),
    askAgainAfterMs,
  })
  return { cache, asked, polls, inDirectory, stored, directory, notKept }
}

test('a connection of the sealed copy verifies without the directory', async () => {
  const { cache, asked } = setUp([connection(1n, 's1')])
  await cache.load()
  expect(cache.get('con_1')?.secrets).toEqual(['s1'])
  expect(asked).toEqual([])
})

test('a change is learned by polling, kept, and never undone by an older answer', async () => {
  const { cache, inDirectory, stored } = setUp([connection(5n, 's5', 's4')])
  await cache.load()
  inDirectory.push(connection(4n, 's4'))
  await cache.poll()
  expect(cache.get('con_1')?.secrets).toEqual(['s5', 's4'])
  inDirectory.push(connection(6n, 's6', 's5'))
  await cache.poll()
  expect(cache.get('con_1')?.secrets).toEqual(['s6', 's5'])
  expect(stored.at(-1)?.version).toBe(6n)
})

test('the directory is asked about a known connection at most once in the interval, and those who ask within it wait for the next answer', async () => {
  const { cache, asked, inDirectory } = setUp([connection(1n, 's1')])
  await cache.load()
  inDirectory.push(connection(1n, 's1'))
  const startedAt = performance.now()
  expect((await cache.ask('con_1'))?.secrets).toEqual(['s1'])
  inDirectory.push(connection(2n, 's2', 's1'))
  const answers = await Promise.all(Array.from({ length: 900 }, () => cache.ask('con_1')))
  expect(new Set(answers.map((answer) => answer?.secrets[0]))).toEqual(new Set(['s2']))
  expect(asked).toEqual(['con_1', 'con_1'])
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(askAgainAfterMs - 1)
})

test('however many ids are made up, one question about what is new answers all of them, and a new connection among them is found', async () => {
  const { cache, asked, polls, inDirectory } = setUp()
  const madeUp = Array.from({ length: 500 }, (_, index) => cache.ask(`con_x${index}`))
  inDirectory.push(connection(1n, 's1'))
  expect((await cache.ask('con_1'))?.secrets).toEqual(['s1'])
  expect(new Set(await Promise.all(madeUp))).toEqual(new Set([undefined]))
  await Promise.all(Array.from({ length: 500 }, (_, index) => cache.ask(`con_y${index}`)))
  expect(asked).toEqual([])
  expect(polls).toHaveLength(2)
  expect((polls[1] ?? 0) - (polls[0] ?? 0)).toBeGreaterThanOrEqual(askAgainAfterMs - 2)
})

test('more than can wait for the directory are told to send again', async () => {
  const { cache, polls } = setUp()
  await cache.ask('con_x')
  const answers = await Promise.allSettled(Array.from({ length: 1_200 }, (_, index) => cache.ask(`con_x${index}`)))
  const refused = answers.filter((answer) => answer.status === 'rejected')
  expect(refused).toHaveLength(200)
  expect(refused[0]?.reason).toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 })
  expect(polls).toHaveLength(2)
})

test('a change that the directory tells of is brought at once, and one that is known asks nothing', async () => {
  const { cache, polls, inDirectory } = setUp()
  await cache.poll()
  inDirectory.push(connection(7n, 's7'))
  await cache.learnOf({ connectionId: 'con_1', version: 7n })
  expect(cache.get('con_1')?.secrets).toEqual(['s7'])
  await cache.learnOf({ connectionId: 'con_1', version: 7n })
  expect(polls).toHaveLength(2)
  expect((polls[1] ?? 0) - (polls[0] ?? 0)).toBeLessThan(askAgainAfterMs)
})

test('a directory that is away says "send again", not "no such connection"', async () => {
  const { cache, directory } = setUp()
  directory.away = true
  await expect(cache.ask('con_1')).rejects.toMatchObject({ code: 'unavailable' })
  await expect(cache.ask('con_1')).rejects.toMatchObject({ code: 'unavailable' } satisfies Partial<FrontdeskError>)
})

test('a copy that can’t be written is reported and refuses nothing', async () => {
  const { cache, inDirectory, directory, notKept } = setUp()
  directory.storeAway = true
  inDirectory.push(connection(1n, 's1'))
  expect((await cache.ask('con_1'))?.secrets).toEqual(['s1'])
  await cache.poll()
  expect(notKept).not.toHaveLength(0)
})
