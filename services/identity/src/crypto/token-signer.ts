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
  /** Whether it has a key to sign with. */
  readonly ready: boolean
}

/** Makes a chain without keys. */
export function createKeyChain({ now, ttlMs }: { now: () => Date; ttlMs: number }): KeyChain {
  let keys: readonly PrivateSigningKey[] = []
  const signers = new Map<string, ReturnType<typeof createTokenSigner>>()

  return {
    get ready() {
      return signerAt(keys, now()) !== undefined
    },

    use(next) {
      keys = next
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
