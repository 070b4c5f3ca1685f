import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createRateLimits } from './rate-limits.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const limited = { code: 'rate_limited', retryAfterMs: expect.any(Number) as number }
const times = (count: number, take: () => Promise<void>) => Promise.allSettled(Array.from({ length: count }, take))

test('a connection may burst ten seconds’ share, is then told when to come back, and costs no other connection anything', async () => {
  const limits = createRateLimits({ connectionPerSecond: 2, unprovenPerMinute: 1 })
  await limits.checkConnection('con_a')
  const taken = await times(25, () => limits.takeOfConnection('con_a'))
  expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
  await expect(limits.checkConnection('con_a')).rejects.toMatchObject(limited)
  await expect(limits.takeOfConnection('con_a')).rejects.toMatchObject(limited)
  await limits.checkConnection('con_b')
  await limits.takeOfConnection('con_b')
})

test('a check takes nothing', async () => {
  const limits = createRateLimits({ connectionPerSecond: 1, unprovenPerMinute: 1 })
  await times(100, () => limits.checkConnection('con_a'))
  await times(100, () => limits.checkAddress('203.0.113.7'))
  await limits.takeOfConnection('con_a')
  await limits.takeOfAddress('203.0.113.7')
})

test('an IPv6 host that goes through its /64 is one address; its neighbours are others', async () => {
  const limits = createRateLimits({ connectionPerSecond: 1, unprovenPerMinute: 50 })
  const taken = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) => limits.takeOfAddress(`2001:db8:1:2::${index.toString(16)}`)),
  )
  expect(taken.filter(({ status }) => status === 'rejected')).toHaveLength(10)
  await expect(limits.checkAddress('2001:db8:1:2:ffff::1')).rejects.toMatchObject(limited)
  await limits.checkAddress('2001:db8:1:3::1')
  await limits.takeOfAddress('203.0.113.7')
})

test('200,000 made-up addresses leave a bounded memory', async () => {
  const limits = createRateLimits({ connectionPerSecond: 1, unprovenPerMinute: 1_000_000 })
  const flood = async (from: number) => {
    for (let index = from; index < from + 100_000; index += 1)
      await limits.takeOfAddress(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)
  }
  await flood(0)
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  await flood(100_000)
  collectGarbage()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10 * 1024 * 1024)
})
