import { expect, test } from 'vitest'
import { createWorker } from './worker.ts'

test('wakes during a run make exactly one more run, never two at once', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let running = 0
  let most = 0
  let runs = 0
  const worker = createWorker(async () => {
    most = Math.max(most, ++running)
    await gates[runs++]?.promise
    running--
  })
  worker.wake()
  worker.wake()
  worker.wake()
  gates[0]?.resolve()
  gates[1]?.resolve()
  await worker.idle()
  expect({ runs, most }).toEqual({ runs: 2, most: 1 })
})

test('a wake in the very turn in which a run ends is not lost', async () => {
  let runs = 0
  const worker = createWorker(async () => {
    runs++
    await Promise.resolve()
    if (runs === 1) queueMicrotask(() => queueMicrotask(() => worker.wake()))
  })
  worker.wake()
  await worker.idle()
  await new Promise((resolve) => setImmediate(resolve))
  await worker.idle()
  expect(runs).toBe(2)
})

test('a worker that never ran is idle', async () => {
  await expect(createWorker(() => Promise.resolve()).idle()).resolves.toBeUndefined()
})

test('what was asked for is done after the run that answers it, though more is asked for all the time', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let runs = 0
  const done: string[] = []
  const worker = createWorker(async () => {
    await gates[runs++]?.promise
    worker.wake()
  })
  await worker.done()
  worker.wake()
  const first = worker.done().then(() => done.push('first'))
  worker.wake()
  const second = worker.done().then(() => done.push('second'))
  gates[0]?.resolve()
  await first
  expect(done).toEqual(['first'])
  gates[1]?.resolve()
  await second
  expect(done).toEqual(['first', 'second'])
})
