import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { createConnectionSecrets } from './connection-secrets.ts'
import type { ConnectionSecrets } from './ports.ts'

const connection = (version: bigint, ...secrets: string[]): ConnectionSecrets => ({
  connectionId: 'con_1',
  provider: 'calcom',
  secrets,
  previousUntil: undefined,
  version,
})

const askAgainAfterMs = 50
const mib = 1024 * 1024

function setUp(initial: readonly ConnectionSecrets[] = []) {
  const inDirectory: ConnectionSecrets[] = []
  const stored: ConnectionSecrets[] = [...initial]
  const asked: string[] = []
  const polls: number[] = []
  const notKept: unknown[] = []
  const directory = { away: false, storeAway: false }
  const clock = { now: new Date('2026-11-22T12:00:00Z') }
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
    clock: () => clock.now,
    askAgainAfterMs,
  })
  return { cache, asked, polls, inDirectory, stored, directory, notKept, clock }
}

test('a connection of the sealed copy verifies without the directory', async () => {
  const { cache, asked } = setUp([connection(1n, 's1')])
  await cache.load()
  expect(cache.get('con_1')?.secrets).toEqual(['s1'])
  expect(asked).toEqual([])
})

test('a previous secret verifies until its end and not after it, also while the directory is away', async () => {
  const previousUntil = new Date('2026-11-23T12:00:00Z')
  const { cache, clock, directory } = setUp([{ ...connection(2n, 's2', 's1'), previousUntil }])
  directory.away = true
  await cache.load()
  clock.now = new Date(previousUntil.getTime() - 1)
  expect(cache.get('con_1')?.secrets).toEqual(['s2', 's1'])
  clock.now = previousUntil
  expect(cache.get('con_1')).toMatchObject({ secrets: ['s2'], version: 2n })
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
  expect((await cache.ask('con_1', 0))?.secrets).toEqual(['s1'])
  inDirectory.push(connection(2n, 's2', 's1'))
  const answers = await Promise.all(Array.from({ length: 900 }, () => cache.ask('con_1', 0)))
  expect(new Set(answers.map((answer) => answer?.secrets[0]))).toEqual(new Set(['s2']))
  expect(asked).toEqual(['con_1', 'con_1'])
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(askAgainAfterMs - 1)
})

test('however many ids are made up, one question about what is new answers all of them, and a new connection among them is found', async () => {
  const { cache, asked, polls, inDirectory } = setUp()
  const madeUp = Array.from({ length: 500 }, (_, index) => cache.ask(`con_x${index}`, 0))
  inDirectory.push(connection(1n, 's1'))
  expect((await cache.ask('con_1', 0))?.secrets).toEqual(['s1'])
  expect(new Set(await Promise.all(madeUp))).toEqual(new Set([undefined]))
  await Promise.all(Array.from({ length: 500 }, (_, index) => cache.ask(`con_y${index}`, 0)))
  expect(asked).toEqual([])
  expect(polls).toHaveLength(2)
  expect((polls[1] ?? 0) - (polls[0] ?? 0)).toBeGreaterThanOrEqual(askAgainAfterMs - 2)
})

test('more than can wait for the directory are told to send again', async () => {
  const { cache, polls } = setUp()
  await cache.ask('con_x', 0)
  const answers = await Promise.allSettled(Array.from({ length: 1_200 }, (_, index) => cache.ask(`con_x${index}`, 0)))
  const refused = answers.filter((answer) => answer.status === 'rejected')
  expect(refused).toHaveLength(200)
  expect(refused[0]?.reason).toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 })
  expect(polls).toHaveLength(2)
})

/** How many of the askers find room. */
async function admitted(askers: Promise<unknown>[]): Promise<number> {
  return (await Promise.allSettled(askers)).filter(({ status }) => status === 'fulfilled').length
}
const times = <Result>(count: number, make: () => Result) => Array.from({ length: count }, make)

test('however many wait for one connection, others and new ones find room', async () => {
  const { cache, inDirectory } = setUp([connection(1n, 's1'), { ...connection(2n, 'other'), connectionId: 'con_2' }])
  await cache.load()
  inDirectory.push({ ...connection(3n, 'new'), connectionId: 'con_3' })
  const flood = admitted(times(1_200, () => cache.ask('con_1', 0)))
  const others = admitted(times(100, () => cache.ask('con_2', 0)))
  expect((await cache.ask('con_3', 0))?.secrets).toEqual(['new'])
  expect([await flood, await others]).toEqual([1_000, 100])
  expect(await admitted(times(1_000, () => cache.ask('con_2', 0)))).toBe(1_000)
})

test('large bodies wait a few at a time, and of each connection at least one', async () => {
  const { cache } = setUp([connection(1n, 's1'), { ...connection(2n, 'other'), connectionId: 'con_2' }])
  await cache.load()
  const flood = admitted(times(20, () => cache.ask('con_1', 4 * mib)))
  const other = admitted(times(2, () => cache.ask('con_2', 4 * mib)))
  expect([await flood, await other]).toEqual([3, 1])
})

test('questions leave nothing behind, however many are asked', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const cache = createConnectionSecrets({
    directory: { changedSince: async () => ({ connections: [], nextVersion: 0n, hasMore: false }), find: async () => connection(1n, 's1') },
    store: { all: async () => [connection(1n, 's1')], save: async () => {} },
    onNotKept: () => {},
    clock: () => new Date(),
    askAgainAfterMs: 0,
  })
  await cache.load()
  const heapAfter = async (questions: number) => {
    for (let asked = 0; asked < questions; asked += 1) await cache.ask('con_1', 0)
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const before = await heapAfter(1_000)
  expect((await heapAfter(200_000)) - before).toBeLessThan(5 * mib)
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
  await expect(cache.ask('con_1', 0)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(cache.ask('con_1', 0)).rejects.toMatchObject({ code: 'unavailable' } satisfies Partial<FrontdeskError>)
})

test('a copy that can’t be written is reported and refuses nothing', async () => {
  const { cache, inDirectory, directory, notKept } = setUp()
  directory.storeAway = true
  inDirectory.push(connection(1n, 's1'))
  expect((await cache.ask('con_1', 0))?.secrets).toEqual(['s1'])
  await cache.poll()
  expect(notKept).not.toHaveLength(0)
})
