import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

/** What a connection's secret verifies with: an HMAC key for `v1`, an Ed25519 public key for `v1a`. */
export type VerifyingKey = { readonly scheme: 'v1'; readonly key: Buffer } | { readonly scheme: 'v1a'; readonly key: KeyObject }

/** Of an HMAC key, as the specification bounds it. */
const hmacKeyBytes = { min: 24, max: 64 }
const ed25519KeyBytes = 32
/** What stands before an Ed25519 key of 32 bytes in SPKI and in PKCS #8. */
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex')
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key that a secret stands for, `whsec_` or `whpk_` and base64; undefined for whatever is neither. */
export function verifyingKey(secret: string): VerifyingKey | undefined {
  const symmetric = bytesAfter('whsec_', secret)
  if (symmetric && symmetric.length >= hmacKeyBytes.min && symmetric.length <= hmacKeyBytes.max) return { scheme: 'v1', key: symmetric }
  const point = bytesAfter('whpk_', secret)
  if (point?.length !== ed25519KeyBytes) return undefined
  return { scheme: 'v1a', key: createPublicKey({ key: Buffer.concat([spkiHead, point]), format: 'der', type: 'spki' }) }
}

/** The private half of a `whpk_` key: `whsk_` and the base64 of its seed. */
export function signingKey(secret: string): KeyObject | undefined {
  const seed = bytesAfter('whsk_', secret)
  if (seed?.length !== ed25519KeyBytes) return undefined
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
}

function bytesAfter(prefix: string, secret: string): Buffer | undefined {
  return secret.startsWith(prefix) ? fromBase64(secret.slice(prefix.length)) : undefined
}

/** The bytes of a text that is base64 to the last bit: of two texts of the same bytes only one is a signature. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
