import { newId } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import type { Replay } from '../app/replay.ts'
import { startReplayWorker } from './replay-worker.ts'

const waiting = (): Replay => ({
  id: newId('rpl'),
  state: 'waiting',
  caller: 'operator',
  actor: undefined,
  selection: { kind: 'ids', eventIds: [] },
  rows: { ids: [1n], after: 0n },
  eventsPerSecond: 200,
  matched: 1n,
  matchedAll: true,
  published: 0n,
  failed: 0n,
  createdAt: new Date(),
  startedAt: undefined,
  endedAt: undefined,
})

test('a replay that waits for the broker gives way to the next one once it is cancelled', async () => {
  await using telemetry = createTestTelemetry()
  const replays = [waiting(), waiting()]
  const [first, second] = replays as [Replay, Replay]
  const set = (id: string, state: Replay['state']) => {
    const index = replays.findIndex((replay) => replay.id === id)
    const replay = replays[index]
    if (replay) replays[index] = { ...replay, state }
  }
  const find = async (id: string) => replays.find((replay) => replay.id === id)
  const open = () => replays.filter(({ state }) => state === 'waiting' || state === 'running')
  const notHere = () => Promise.reject(new Error('the worker never calls this'))
  await using _worker = startReplayWorker({
    store: {
      find,
      insert: notHere,
      list: notHere,
      countOpen: async () => open().length,
      takeOldest: async () => {
        const [oldest] = open()
        if (oldest) set(oldest.id, 'running')
        return oldest
      },
      advance: async (id) => (await find(id))?.state,
      end: async (id, state) => set(id, state),
    },
    source: {
      next: async () => ({
        messages: [{ subject: 'ingress.retell.call.ended', body: Buffer.from('{}'), envelope: {} as never }],
        through: 1n,
        over: true,
      }),
    },
    bus: {
      status: () => 'connected',
      publish: async (messages) => messages.map(() => ({ ok: false, reason: 'not_connected', detail: '' })),
    },
    alone: (work) => work(new AbortController().signal),
    telemetry,
    clock: () => new Date(),
    intervalMs: 10,
  })
  await eventually(async () => expect((await find(first.id))?.state).toBe('running'))
  set(first.id, 'cancelled')
  await eventually(async () => expect((await find(second.id))?.state).toBe('running'))
  expect((await find(first.id))?.state).toBe('cancelled')
})
