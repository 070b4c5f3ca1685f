import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createInFlight } from './in-flight.ts'

const timeoutMs = 1_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] }))
afterEach(() => void vi.useRealTimers())

function startWaiting(maxCount = 4) {
  const expired: string[][] = []
  const inFlight = createInFlight<string>({ maxCount, maxBytes: 100, timeoutMs, onTimeout: (items) => void expired.push(items) })
  return { inFlight, expired }
}

test('each token stands for its item, once, in whatever order the answers come', () => {
  const { inFlight } = startWaiting()
  const [a, b, c] = ['a', 'b', 'c'].map((item) => inFlight.add(item, 1)) as [string, string, string]
  expect(inFlight.get(b)).toBe('b')
  expect([c, a, b].map((token) => inFlight.take(token))).toEqual(['c', 'a', 'b'])
  expect([c, a, b].map((token) => inFlight.take(token))).toEqual([undefined, undefined, undefined])
  expect(inFlight.count).toBe(0)
})

test('a token is nobody’s before it is given and after it is over', () => {
  const { inFlight } = startWaiting()
  const over = inFlight.add('over', 1)
  inFlight.take(over)
  inFlight.add('waits', 1)
  for (const token of [over, '', '0', '-1', 'zz', '…', `${over}_`]) {
    expect(inFlight.get(token)).toBe(undefined)
    expect(inFlight.take(token)).toBe(undefined)
  }
  expect(inFlight.takeAll()).toEqual(['waits'])
})

test('there is room by number and by bytes, and always for one alone', () => {
  const { inFlight } = startWaiting(2)
  expect(inFlight.hasRoom(1_000)).toBe(true)
  const token = inFlight.add('a', 60)
  expect([inFlight.hasRoom(40), inFlight.hasRoom(41)]).toEqual([true, false])
  inFlight.add('b', 1)
  expect(inFlight.hasRoom(1)).toBe(false)
  inFlight.take(token)
  expect(inFlight.hasRoom(99)).toBe(true)
})

test('what is not answered in time is told together and in its order; the rest waits on for its own time', async () => {
  const { inFlight, expired } = startWaiting()
  const answered = inFlight.add('answered', 1)
  inFlight.add('a', 1)
  inFlight.add('b', 1)
  inFlight.take(answered)
  await vi.advanceTimersByTimeAsync(timeoutMs / 2)
  inFlight.add('later', 1)
  await vi.advanceTimersByTimeAsync(timeoutMs / 2 + 10)
  expect(expired).toEqual([['a', 'b']])
  await vi.advanceTimersByTimeAsync(timeoutMs / 2)
  expect(expired).toEqual([['a', 'b'], ['later']])
  expect(inFlight.count).toBe(0)
})

test('one that is never answered holds up none of the thousands behind it, nor their tokens', async () => {
  const { inFlight, expired } = startWaiting()
  inFlight.add('never', 1)
  for (let n = 0; n < 5_000; n++) expect(inFlight.take(inFlight.add(String(n), 1))).toBe(String(n))
  await vi.advanceTimersByTimeAsync(timeoutMs + 10)
  expect(expired).toEqual([['never']])
  const tokens = Array.from({ length: 100 }, (_, n) => inFlight.add(String(n), 0))
  for (const [n, token] of tokens.entries()) if (n % 2 === 0) inFlight.take(token)
  expect(inFlight.takeAll()).toHaveLength(50)
})

test('each token stands for its item for as long as some wait, however many are over', () => {
  const { inFlight } = startWaiting()
  const waiting: [string, string][] = []
  for (let n = 0; n < 2_000; n++) {
    waiting.push([inFlight.add(String(n), 1), String(n)])
    if (waiting.length < 3) continue
    const [[token, item]] = waiting.splice(0, 1) as [[string, string]]
    expect(inFlight.take(token)).toBe(item)
  }
  expect(inFlight.takeAll()).toEqual(waiting.map(([, item]) => item))
})

test('after all were answered the next ones have their full time', async () => {
  const { inFlight, expired } = startWaiting()
  const token = inFlight.add('a', 1)
  await vi.advanceTimersByTimeAsync(timeoutMs - 10)
  inFlight.take(token)
  inFlight.add('b', 1)
  await vi.advanceTimersByTimeAsync(timeoutMs - 10)
  expect(expired).toEqual([])
  await vi.advanceTimersByTimeAsync(30)
  expect(expired).toEqual([['b']])
})
