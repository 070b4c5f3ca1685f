import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { generateKeyPair, type PrivateJwk } from './keys.ts'
import { createTokenIssuer } from './token-issuer.ts'

let privateJwk: PrivateJwk
let nowMs = Date.parse('2026-11-22T10:00:00Z')
const clock = () => new Date(nowMs)
const [one, two] = [vouchForCompanyId(newId('cmp')), vouchForCompanyId(newId('cmp'))]

beforeAll(async () => {
  ;({ privateJwk } = await generateKeyPair('booking-1', ['booking']))
})

test('a token lives 5 minutes and is reused for the first 4 of them', async () => {
  const issuer = createTokenIssuer({ privateJwk, caller: 'booking', clock })
  const first = await issuer.issue({ audience: 'billing', companies: 'all' })
  const { iat = 0, exp = 0 } = decodeJwt(first)
  expect(exp - iat).toBe(300)
  nowMs += 239_999
  expect(await issuer.issue({ audience: 'billing', companies: 'all' })).toBe(first)
  nowMs += 1
  expect(await issuer.issue({ audience: 'billing', companies: 'all' })).not.toBe(first)
})

test('a token is reused only for the same audience, companies and actor', async () => {
  const issuer = createTokenIssuer({ privateJwk, caller: 'booking', clock })
  const tokens = await Promise.all([
    issuer.issue({ audience: 'billing', companies: 'all' }),
    issuer.issue({ audience: 'messaging', companies: 'all' }),
    issuer.issue({ audience: 'billing', companies: [one] }),
    issuer.issue({ audience: 'billing', companies: [one, two] }),
    issuer.issue({ audience: 'billing', companies: [one], actor: 'usr_1' }),
  ])
  expect(new Set(tokens).size).toBe(5)
  expect(await issuer.issue({ audience: 'billing', companies: [two, one] })).toBe(tokens[3])
})

test('a key that can not sign makes each request fail, and nothing else', async () => {
  const issuer = createTokenIssuer({ privateJwk: { ...privateJwk, d: 'short' }, caller: 'booking', clock })
  await expect(issuer.issue({ audience: 'billing', companies: 'all' })).rejects.toThrow()
})
