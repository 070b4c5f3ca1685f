import { expect, test } from 'vitest'
import { eventually } from './eventually.ts'

test('eventually returns the first result of a probe that stops throwing', async () => {
  let calls = 0
  const result = await eventually(() => {
    calls += 1
    if (calls < 3) throw new Error('not yet')
    return calls
  })
  expect(result).toBe(3)
})

test("eventually gives up with the probe's own error", async () => {
  await expect(eventually(() => Promise.reject(new Error('never')), { timeoutMs: 50 })).rejects.toThrow('never')
})
