import { providers } from '@frontdesk/providers'
import { expect, test } from 'vitest'
import { isSigned, sign } from '../ingress/retell-signature.ts'
import { retellEvent } from './retell-events.ts'

const key = 'key_of_the_bench'
const delivery = { deliveryId: 'dlv_x', connectionId: undefined, receivedAt: new Date() }
const events = Array.from({ length: 9 }, (_, n) => retellEvent(key, 'run', n))

test('each event is 1.5 KB, genuine to ours and to the others alike, modelled, and different from all others', () => {
  const ids = events.flatMap(({ body, signature }) => {
    expect(Math.abs(body.length - 1_536)).toBeLessThan(32)
    providers.retell.verify({ headers: { 'x-retell-signature': signature }, rawBody: body }, [key], new Date())
    expect(isSigned(signature, body, key)).toBe(true)
    return providers.retell.normalize(body, { ...delivery, headers: {} }).map(({ id, type }) => {
      expect(type).toMatch(/^frontdesk\.call\.(started|ended|analyzed)\.v1$/)
      return id
    })
  })
  expect(new Set(ids).size).toBe(9)
})

test('the others refuse what is unsigned, changed, or signed by another key or more than 5 minutes ago', () => {
  const [{ body, signature } = retellEvent(key, 'run', 0)] = events
  expect(isSigned(undefined, body, key)).toBe(false)
  expect(isSigned(signature, Buffer.concat([body, Buffer.from(' ')]), key)).toBe(false)
  expect(isSigned(signature, body, 'another key')).toBe(false)
  expect(isSigned(sign(body, key, Date.now() - 301_000), body, key)).toBe(false)
})
