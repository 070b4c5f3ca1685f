import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Attempt, mutation } from '../test/mutations.ts'
import { type Headers, type Signer, signers } from '../test/signers.ts'
import { codeOf } from '../test/support.ts'

/** 100,000 in all of them together. */
const mutationsOfEach = Math.ceil(100_000 / signers.length)
const now = new Date('2026-11-20T09:00:00Z')

const nameOf = ({ provider, scheme }: Signer) => [provider.name, scheme].filter(Boolean).join(' ')
const verdict = ({ provider }: Signer, { headers, body, secrets }: Attempt) =>
  codeOf(() => provider.verify({ headers, rawBody: body }, secrets, now))

async function validAttempt(signer: Signer, index: number, secret = signer.secrets[0]): Promise<Attempt> {
  const body = signer.bodies[index % signer.bodies.length] ?? Buffer.alloc(0)
  return { body, headers: await signer.sign(body, secret, now.getTime()), secrets: [signer.secrets[0], signer.secrets[1]] }
}

/** Retell's hex counts in either case: what differs in that alone is the same request. */
function isSame({ provider }: Signer, a: Attempt, b: Attempt): boolean {
  const written = (headers: Headers) => {
    const text = JSON.stringify(headers)
    return provider.name === 'retell' ? text.toLowerCase() : text
  }
  return a.body.equals(b.body) && written(a.headers) === written(b.headers) && a.secrets.join() === b.secrets.join()
}

test.each(signers.map((signer) => [nameOf(signer), signer] as const))(
  'of %s, no request that was changed, forged, re-signed or replayed is accepted, and during a rotation no valid one is refused',
  async (_name, signer) => {
    let mutated = 0
    const each = fc.asyncProperty(mutation, fc.nat({ max: 100 }), fc.boolean(), async (mutate, index, byPrevious) => {
      const valid = await validAttempt(signer, index)
      const changed = await mutate(signer, valid, now.getTime())
      fc.pre(!isSame(signer, valid, changed))
      mutated += 1
      expect(verdict(signer, changed)).not.toBe('accepted')
      expect(verdict(signer, byPrevious ? await validAttempt(signer, index, signer.secrets[1]) : valid)).toBe('accepted')
    })
    await fc.assert(each, { numRuns: mutationsOfEach })
    expect(mutated).toBeGreaterThanOrEqual(mutationsOfEach)
  },
  120_000,
)

test.each(signers.map((signer) => [nameOf(signer), signer] as const))(
  'known bug 2: of %s, verification is no promise that somebody can forget to await',
  async (_name, signer) => {
    const { headers, body, secrets } = await validAttempt(signer, 0)
    expect(signer.provider.verify({ headers, rawBody: body }, secrets, now)).toBeUndefined()
    expect(() => signer.provider.verify({ headers, rawBody: Buffer.from('{}') }, secrets, now)).toThrow()
  },
)

test('known bug 7: what one company’s secret signed is refused by another’s, whatever the provider', async () => {
  for (const signer of signers) {
    const valid = await validAttempt(signer, 0)
    expect(verdict(signer, { ...valid, secrets: [signer.secrets[2]] })).toBe('signature_invalid')
  }
})
