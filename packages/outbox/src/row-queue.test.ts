import { expect, test } from 'vitest'
import type { PendingRow } from './pending-row.ts'
import { createRowQueue } from './row-queue.ts'
import { receive, makeNewEvent } from './testing.ts'

const rows = (count: number, bytes = 10): PendingRow[] =>
  Array.from({ length: count }, (_, index) => ({
    id: BigInt(index),
    sweepableAtMs: 0,
    attempts: 0,
    message: receive(makeNewEvent({ body: new Uint8Array(bytes) })),
  }))

test('a full queue takes what fits and leaves the rest', () => {
  const queue = createRowQueue(5, 1_000)
  expect(queue.offer(rows(3))).toBe(3)
  expect(queue.offer(rows(3))).toBe(2)
  expect(queue.length()).toBe(5)
})

test('the queue is bounded in bytes, and taking makes room again', () => {
  const queue = createRowQueue(100, 100)
  expect(queue.offer(rows(3, 40))).toBe(2)
  expect(queue.take(1)).toHaveLength(1)
  expect(queue.offer(rows(1, 40))).toBe(1)
})

test('rows leave in the order in which they came', () => {
  const queue = createRowQueue(10, 1_000)
  queue.offer(rows(4))
  expect(queue.take(3).map((row) => row.id)).toEqual([0n, 1n, 2n])
  queue.clear()
  expect(queue.length()).toBe(0)
})
