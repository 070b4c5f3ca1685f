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

function setUp(initial: readonly ConnectionSecrets[] = []) {
  const inDirectory: ConnectionSecrets[] = []
  const stored: ConnectionSecrets[] = [...initial]
  const clock = { nowMs: 0 }
  const asked: string[] = []
  const notKept: unknown[] = []
  const directory = { away: false, storeAway: false }
  const cache = createConnectionSecrets({
    directory: {
      changedSince: async (version, limit) => {
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
    now: () => clock.nowMs,
  })
  return { cache, clock, asked, inDirectory, stored, directory, notKept }
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

test('the directory is asked about one connection at most once a second', async () => {
  const { cache, clock, asked, inDirectory } = setUp()
  expect(await cache.ask('con_1')).toBeUndefined()
  inDirectory.push(connection(1n, 's1'))
  clock.nowMs = 999
  expect(await cache.ask('con_1')).toBeUndefined()
  clock.nowMs = 1_000
  expect((await cache.ask('con_1'))?.secrets).toEqual(['s1'])
  expect(asked).toEqual(['con_1', 'con_1'])
})

test('those who ask while an answer is on its way share it', async () => {
  const { cache, asked, inDirectory } = setUp()
  inDirectory.push(connection(1n, 's1'))
  const answers = await Promise.all([cache.ask('con_1'), cache.ask('con_1'), cache.ask('con_1')])
  expect(answers.map((answer) => answer?.secrets)).toEqual([['s1'], ['s1'], ['s1']])
  expect(asked).toEqual(['con_1'])
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
  expect(notKept).toHaveLength(2)
})

test('whoever makes up ids is told to send again, and a known connection is asked about all the same', async () => {
  const { cache, asked } = setUp([connection(1n, 's1')])
  await cache.load()
  const madeUp = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => cache.ask(`con_x${index}`)))
  expect(madeUp.filter(({ status }) => status === 'rejected')).toHaveLength(34)
  expect(asked).toHaveLength(16)
  await cache.ask('con_1')
  expect(asked).toHaveLength(17)
  await cache.ask('con_y')
  expect(asked).toHaveLength(18)
})
