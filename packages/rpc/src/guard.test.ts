import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { createGuard } from './guard.ts'

const frozen = () => new Promise<never>(() => undefined)
const refused = () => Promise.reject(new FrontdeskError('permission_denied', { publicMessage: 'No.' }))

test('a call ends in time and is told to stop, whatever it waits for', async () => {
  const guard = createGuard({ audience: 'billing', timeoutMs: 30 })
  let stopped = false
  const call = guard(({ signal }) => {
    signal.addEventListener('abort', () => (stopped = true))
    return frozen()
  })
  await expect(call).rejects.toMatchObject({ code: 'deadline_exceeded', publicMessage: 'billing did not answer in time.' })
  expect(stopped).toBe(true)
})

test('after so many calls without an answer none is made, until one is tried again and answered', async () => {
  const guard = createGuard({ audience: 'billing', timeoutMs: 20, failures: 2, tryAgainAfterMs: 100 })
  await Promise.allSettled([guard(frozen), guard(frozen)])
  let made = 0
  const answered = () => {
    made += 1
    return Promise.resolve('yes')
  }
  await expect(guard(answered)).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  expect(made).toBe(0)
  await expect.poll(() => guard(answered).catch(() => 'no')).toBe('yes')
  expect(await guard(answered)).toBe('yes')
})

test('a refusal is an answer: it passes as it is, and opens nothing', async () => {
  const guard = createGuard({ audience: 'billing', timeoutMs: 100, failures: 2 })
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => guard(refused)))
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'permission_denied' } })
  expect(await guard(() => Promise.resolve('yes'))).toBe('yes')
})
