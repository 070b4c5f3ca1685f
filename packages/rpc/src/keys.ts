import { readFile } from 'node:fs/promises'
import { exportJWK, generateKeyPair as generateJoseKeyPair } from 'jose'

/** An Ed25519 public key as a JWKS lists it, with the callers whose tokens it may sign ('*' for any). */
export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly alg: 'EdDSA'
  readonly use: 'sig'
  readonly kid: string
  /** Base64url, 32 bytes. */
  readonly x: string
  readonly callers: readonly string[]
  /** In seconds since 1970: no token of it is accepted from then on. */
  readonly exp?: number
}

/** The private half, by which a caller signs its tokens. */
export interface PrivateJwk extends PublicJwk {
  /** Base64url, 32 bytes. */
  readonly d: string
}

/** What `generateKeyPair` makes. */
export interface KeyPair {
  readonly privateJwk: PrivateJwk
  readonly publicJwk: PublicJwk
}

/** Makes a new Ed25519 key for the named callers. */
export async function generateKeyPair(kid: string, callers: readonly string[]): Promise<KeyPair> {
  const { privateKey } = await generateJoseKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const { x, d } = await exportJWK(privateKey)
  if (!x || !d) throw new Error('the new Ed25519 key could not be exported')
  const publicJwk = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x, callers } as const
  return { publicJwk, privateJwk: { ...publicJwk, d } }
}

/**
 * Reads a caller's private key from its file.
 * @throws Error that names the file and what is wrong with it, never its content.
 */
export async function readPrivateJwk(file: string): Promise<PrivateJwk> {
  const jwk = parseJson(file, await readFile(file, 'utf8'))
  if (!isPublicJwk(jwk) || !('d' in jwk) || typeof jwk.d !== 'string') {
    throw new Error(`${file} is not a private Ed25519 JWK with kid and callers: make one with \`pnpm frontdesk keys create\``)
  }
  return { ...jwk, d: jwk.d }
}

/**
 * Reads the public keys of a JWKS file, by kid; members of other kinds are left out.
 * @throws Error that names the file and what is wrong with it.
 */
export async function readPublicJwks(file: string): Promise<ReadonlyMap<string, PublicJwk>> {
  return publicJwksOf(file, await readFile(file, 'utf8'))
}

/**
 * The public keys of a JWKS's text, by kid.
 * @throws Error that names where it is from and what is wrong with it.
 */
export function publicJwksOf(name: string, text: string): ReadonlyMap<string, PublicJwk> {
  const set = parseJson(name, text)
  if (typeof set !== 'object' || set === null || !('keys' in set) || !Array.isArray(set.keys)) {
    throw new Error(`${name} is not a JWKS: it has no list "keys"`)
  }
  return new Map(set.keys.filter(isPublicJwk).map((jwk) => [jwk.kid, jwk]))
}

// JSON.parse quotes the text around a mistake, which may be the private key.
function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${file} is not JSON`)
  }
}

function isPublicJwk(value: unknown): value is PublicJwk {
  if (typeof value !== 'object' || value === null) return false
  const jwk: Partial<Record<keyof PublicJwk, unknown>> = value
  return (
    jwk.kty === 'OKP' &&
    jwk.crv === 'Ed25519' &&
    typeof jwk.kid === 'string' &&
    typeof jwk.x === 'string' &&
    Array.isArray(jwk.callers) &&
    jwk.callers.every((caller) => typeof caller === 'string') &&
    (jwk.exp === undefined || typeof jwk.exp === 'number')
  )
}
