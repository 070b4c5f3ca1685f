import { isCompanyId, vouchForCompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Logger } from '@frontdesk/telemetry'
import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import { BoundedMap } from './bounded-map.ts'
import type { Caller } from './caller.ts'
import { KeyRing } from './key-ring.ts'
import { KeyRings } from './key-rings.ts'
import { keysOfFile, keysOfUrl, type KeySource } from './key-source.ts'
import { everyCompanyClaim } from './token-issuer.ts'

/** What a verifier of caller tokens needs. */
export interface TokenVerifierOptions {
  /** A JWKS whose keys have the member `callers`; see `PublicJwk`. Beside another source it may be missing. */
  readonly jwksFile?: string | undefined
  /** The same, published by a server: identity's. Its keys count beside the file's. */
  readonly jwksUrl?: string | undefined
  /** Keys from elsewhere, beside both. */
  readonly keySource?: KeySource
  /** The service that a token must be for: our own name. */
  readonly audience: string
  readonly clock?: () => Date
  /** Told when keys can't be read; those that were read before stay. */
  readonly logger: Logger
  /** How many verified tokens are remembered; 10 000 when left out. */
  readonly cacheLimit?: number
}

/** Verifies caller tokens. */
export interface TokenVerifier {
  /**
   * Who signed the token, once it is proven.
   * @throws FrontdeskError token_missing, token_invalid or token_expired; unavailable while no keys can be read.
   */
  verify(token: string | undefined): Promise<Caller>
  /** How many verified tokens are remembered now. */
  readonly cached: number
}

// Longer than any that we issue for 100 companies; also bounds what the cache can hold.
const maxTokenLength = 8_192

interface Verified {
  readonly caller: Caller
  readonly expiresAtMs: number
  readonly keyEndsAtMs: number
  readonly generation: number
}

/**
 * Verifies EdDSA tokens against JWKS, each token once until it expires, its key does, or the keys change.
 * @throws TypeError without any source of keys.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { audience, clock = () => new Date(), logger } = options
  const cache = new BoundedMap<string, Verified>(options.cacheLimit ?? 10_000)
  const nowMs = () => clock().getTime()
  const keys = new KeyRings(
    sourcesOf(options).map(
      (source) =>
        new KeyRing(source, nowMs, (err) => logger.warn({ err, jwks: source.name }, 'the JWKS can not be read; keys read before stay')),
    ),
  )

  async function prove(token: string): Promise<Verified> {
    const kid = kidOf(token)
    const key = await keys.find(kid).catch(noKeys)
    if (!key) throw invalid(`unknown kid ${kid.slice(0, 64)}`)
    if (key.endsAtMs <= nowMs()) throw invalid(`key ${kid} has ended`)
    const { payload } = await jwtVerify(token, key.key, {
      algorithms: ['EdDSA'],
      audience,
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: clock(),
    }).catch(asTokenError)
    const caller = readCaller(payload)
    if (!key.callers.includes(caller.caller) && !key.callers.includes('*')) throw invalid(`key ${kid} may not speak for ${caller.caller}`)
    return { caller, expiresAtMs: (payload.exp ?? 0) * 1000, keyEndsAtMs: key.endsAtMs, generation: keys.generation }
  }

  return {
    get cached() {
      return cache.size
    },
    async verify(token) {
      if (!token) throw new FrontdeskError('token_missing', { publicMessage: 'A caller token is missing: send `authorization: Bearer …`.' })
      if (token.length > maxTokenLength) throw invalid('the token is too long')
      await keys.refresh().catch(noKeys)
      let verified = cache.get(token)
      if (verified?.generation !== keys.generation || verified.keyEndsAtMs <= nowMs()) {
        verified = await prove(token)
        cache.set(token, verified)
      }
      if (verified.expiresAtMs <= nowMs()) {
        cache.delete(token)
        throw expired()
      }
      return verified.caller
    },
  }
}

function sourcesOf({ jwksFile, jwksUrl, keySource }: TokenVerifierOptions): KeySource[] {
  const others = [jwksUrl && keysOfUrl(jwksUrl), keySource].filter((source) => typeof source === 'object')
  const sources = jwksFile ? [keysOfFile(jwksFile, { mayBeMissing: others.length > 0 }), ...others] : others
  if (sources.length === 0) throw new TypeError('a verifier needs a source of keys')
  return sources
}

function kidOf(token: string): string {
  try {
    const { kid } = decodeProtectedHeader(token)
    if (typeof kid === 'string') return kid
  } catch {
    throw invalid('not a JWT')
  }
  throw invalid('no kid')
}

function readCaller(payload: JWTPayload): Caller {
  const { sub, companies, act } = payload
  if (!sub) throw invalid('no sub')
  const actor = typeof act === 'object' && act !== null && 'sub' in act && typeof act.sub === 'string' ? { actor: act.sub } : {}
  if (companies === everyCompanyClaim) return { caller: sub, companies: 'all', ...actor }
  if (!Array.isArray(companies) || !companies.every((id) => typeof id === 'string' && isCompanyId(id))) throw invalid('no companies')
  return { caller: sub, companies: new Set(companies.map(vouchForCompanyId)), ...actor }
}

function noKeys(cause: unknown): never {
  throw new FrontdeskError('unavailable', { publicMessage: 'Caller tokens can not be verified at the moment.', detail: 'no JWKS', cause })
}

function asTokenError(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw expired()
  throw invalid(error instanceof errors.JOSEError ? `${error.code}: ${error.message}` : String(error), error)
}

function invalid(detail: string, cause?: unknown): FrontdeskError {
  return new FrontdeskError('token_invalid', {
    publicMessage: 'The caller token is not valid here: its key, its algorithm, its audience or its claims are wrong.',
    detail,
    cause,
  })
}

function expired(): FrontdeskError {
  return new FrontdeskError('token_expired', { publicMessage: 'The caller token has expired. Ask for a new one.' })
}
