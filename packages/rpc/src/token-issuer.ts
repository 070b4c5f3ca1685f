import type { CompanyId } from '@frontdesk/contracts'
import { importJWK, SignJWT } from 'jose'
import { BoundedMap } from './bounded-map.ts'
import type { PrivateJwk } from './keys.ts'

/** What a token is asked for. */
export interface TokenRequest {
  /** The service, or services, that the token is for. */
  readonly audience: string | readonly string[]
  readonly companies: readonly CompanyId[] | 'all'
  /** The person or program in whose name the caller acts. */
  readonly actor?: string
  /** 5 minutes when left out. */
  readonly ttlMs?: number
}

/** Where a client gets the token of its next call. */
export interface TokenSource {
  issue(request: TokenRequest): Promise<string>
}

/** Signs the tokens of one caller. */
export type TokenIssuer = TokenSource

/** The claim that stands for every company. */
export const everyCompanyClaim = '*'

const cacheLimit = 1_000

/** What a signed token says. */
export interface TokenClaims extends Omit<TokenRequest, 'ttlMs'> {
  readonly caller: string
  readonly issuedAtMs: number
  readonly ttlMs: number
}

/** Makes what signs EdDSA tokens by a key. */
export function createTokenSigner(privateJwk: PrivateJwk): (claims: TokenClaims) => Promise<string> {
  const key = importJWK({ ...privateJwk, callers: undefined }, 'EdDSA')
  // Its failure is told to whoever asks for a token.
  key.catch(() => undefined)
  return async ({ caller, audience, companies, actor, issuedAtMs, ttlMs }) =>
    new SignJWT({
      companies: companies === 'all' ? everyCompanyClaim : [...companies],
      ...(actor === undefined ? {} : { act: { sub: actor } }),
    })
      .setProtectedHeader({ alg: 'EdDSA', kid: privateJwk.kid, typ: 'JWT' })
      .setSubject(caller)
      .setAudience(typeof audience === 'string' ? audience : [...audience])
      .setIssuedAt(new Date(issuedAtMs))
      .setExpirationTime(new Date(issuedAtMs + ttlMs))
      .sign(await key)
}

/** Signs EdDSA tokens for a caller, and reuses each until 80% of its life is over. */
export function createTokenIssuer(options: { privateJwk: PrivateJwk; caller: string; clock?: () => Date }): TokenIssuer {
  const { privateJwk, caller, clock = () => new Date() } = options
  const sign = createTokenSigner(privateJwk)
  const cache = new BoundedMap<string, { token: Promise<string>; renewAt: number }>(cacheLimit)

  return {
    issue(request) {
      const { audience, companies, actor, ttlMs = 300_000 } = request
      const now = clock().getTime()
      const name = JSON.stringify([audience, companies === 'all' ? companies : companies.toSorted(), actor, ttlMs])
      const cached = cache.get(name)
      if (cached && now < cached.renewAt) return cached.token
      const token = sign({ caller, audience, companies, ...(actor === undefined ? {} : { actor }), issuedAtMs: now, ttlMs })
      cache.set(name, { token, renewAt: now + ttlMs * 0.8 })
      token.catch(() => cache.delete(name))
      return token
    },
  }
}

/** A source that always gives the same token, such as an operator's. */
export function fixedToken(token: string): TokenSource {
  return { issue: () => Promise.resolve(token) }
}

/** For services whose methods need no caller token, such as identity's logins. */
export function noToken(): TokenSource {
  return fixedToken('')
}
