import { FrontdeskError } from '@frontdesk/errors'
import { createTokenSigner, type PrivateJwk, type PublicJwk, type TokenClaims as SignedClaims } from '@frontdesk/rpc'
import type { TokenSigner } from '../app/ports.ts'
import { signerAt, type SigningKey, verifyingAt } from '../domain/signing-key.ts'

/** A key with its private half. */
export interface PrivateSigningKey extends SigningKey {
  readonly jwk: PrivateJwk
}

/** Signs by the keys that it was given last, and publishes their public halves. */
export interface KeyChain extends TokenSigner {
  use(keys: readonly PrivateSigningKey[]): void
  /** With `exp` where the end is known, so that a verifier that can't read on refuses in time. */
  published(): PublicJwk[]
  /** Whether it has a key to sign with, and was given keys lately enough to know of the next one. */
  readonly state: 'ok' | 'none' | 'stale'
}

/** Makes a chain without keys; it goes stale when it is given none for `staleAfterMs`. */
export function createKeyChain({ now, ttlMs, staleAfterMs }: { now: () => Date; ttlMs: number; staleAfterMs: number }): KeyChain {
  let keys: readonly PrivateSigningKey[] = []
  let givenAtMs = 0
  const signers = new Map<string, ReturnType<typeof createTokenSigner>>()

  return {
    get state() {
      const at = now()
      if (!signerAt(keys, at)) return 'none'
      return at.getTime() - givenAtMs < staleAfterMs ? 'ok' : 'stale'
    },

    use(next) {
      keys = next
      givenAtMs = now().getTime()
      const kids = new Set(next.map(({ kid }) => kid))
      for (const kid of signers.keys()) if (!kids.has(kid)) signers.delete(kid)
      for (const { kid, jwk } of next) if (!signers.has(kid)) signers.set(kid, createTokenSigner(jwk))
    },

    published: () =>
      verifyingAt(keys, now()).map(({ kid, jwk: { x, callers }, verifiesUntil }) => ({
        kty: 'OKP',
        crv: 'Ed25519',
        alg: 'EdDSA',
        use: 'sig',
        kid,
        x,
        callers,
        ...(verifiesUntil && { exp: verifiesUntil.getTime() / 1_000 }),
      })),

    async sign({ caller, audience, companies, actor }) {
      const at = now()
      const sign = signers.get(signerAt(keys, at)?.kid ?? '')
      if (!sign)
        throw new FrontdeskError('unavailable', { publicMessage: 'No tokens can be signed at the moment.', detail: 'no signing key' })
      const claims = { caller, audience, companies, issuedAtMs: at.getTime(), ttlMs, ...(actor !== undefined && { actor }) }
      // The ids are a user's own rows, or have been checked to be ids.
      const token = await sign(claims as SignedClaims)
      // As the token has it, in whole seconds.
      return { token, expiresAt: new Date(Math.floor((at.getTime() + ttlMs) / 1_000) * 1_000) }
    },
  }
}
