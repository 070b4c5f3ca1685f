import { sign, verify } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import { hmacSha256, signedByOneOf } from '../hmac.ts'
import type { SignedRequest } from '../provider.ts'
import { fromBase64, signingKey, type VerifyingKey, verifyingKey } from './keys.ts'

/** The headers of a Standard Webhook; the signature covers the other two and the body. */
export const standardHeaders = { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' } as const

// Without a full stop, which parts it from the timestamp in what is signed: so no other id and body are signed alike.
const idForm = /^[\x21-\x2d\x2f-\x7e]{1,255}$/
const timestampForm = /^(?:0|[1-9]\d{0,11})$/
// While a key is rolled there is one for each. Schemes that we do not know are no reason to refuse.
const signatureForm = /^v\d{1,3}[a-z]?,[\x21-\x2b\x2d-\x7e]{1,256}(?: v\d{1,3}[a-z]?,[\x21-\x2b\x2d-\x7e]{1,256}){0,15}$/
const bytesOf = { v1: 32, v1a: 64 } as const
const toleranceMs = 5 * 60 * 1000

/**
 * Proves a Standard Webhook: one of its `v1` (HMAC) or `v1a` (Ed25519) signatures over `<id>.<timestamp>.<body>`, at most
 * 5 minutes off either way.
 */
export function verifyStandard({ headers, rawBody }: SignedRequest, secrets: readonly string[], now: Date): void {
  const id = present(headers, standardHeaders.id)
  const timestamp = present(headers, standardHeaders.timestamp)
  const given = signaturesOf(present(headers, standardHeaders.signature))
  if (!idForm.test(id)) throw malformed(`${standardHeaders.id} is not 1 to 255 visible ASCII characters without a full stop.`)
  if (!timestampForm.test(timestamp)) throw malformed(`${standardHeaders.timestamp} is not seconds since 1970, in digits.`)
  if (!given) throw malformed(`${standardHeaders.signature} is not v1,<base64> or v1a,<base64>, several parted by spaces.`)

  const keys = secrets.flatMap((secret) => verifyingKey(secret) ?? [])
  if (!isSigned(keys, given, [id, '.', timestamp, '.', rawBody])) {
    throw new FrontdeskError('signature_invalid', {
      publicMessage: 'No signature was made over this body with the connection’s secret, the whole of whsec_… or of the public key whpk_….',
      ...(keys.length < secrets.length && {
        detail: 'a secret of the connection is no whsec_ key of 24 to 64 bytes and no whpk_ key of 32',
      }),
    })
  }
  const offMs = Number(timestamp) * 1_000 - now.getTime()
  if (Math.abs(offMs) > toleranceMs) {
    throw new FrontdeskError('timestamp_out_of_tolerance', {
      publicMessage: `${standardHeaders.timestamp} is more than 5 minutes off.`,
      detail: `off by ${offMs} ms`,
    })
  }
}

function present(headers: SignedRequest['headers'], name: string): string {
  const value = headers[name]
  if (!value) throw new FrontdeskError('signature_missing', { publicMessage: `There is no ${name} header.` })
  return value
}

function malformed(publicMessage: string): FrontdeskError {
  return new FrontdeskError('signature_malformed', { publicMessage })
}

interface Signatures {
  readonly v1: readonly Buffer[]
  readonly v1a: readonly Buffer[]
}

/** The signatures of the schemes that we know; undefined if one of these is none, or if there is none of these. */
function signaturesOf(header: string): Signatures | undefined {
  if (!signatureForm.test(header)) return undefined
  const given = { v1: [] as Buffer[], v1a: [] as Buffer[] }
  for (const item of header.split(' ')) {
    const [scheme = '', text = ''] = item.split(',')
    if (scheme !== 'v1' && scheme !== 'v1a') continue
    const bytes = fromBase64(text)
    if (bytes?.length !== bytesOf[scheme]) return undefined
    given[scheme].push(bytes)
  }
  return given.v1.length + given.v1a.length > 0 ? given : undefined
}

/** A key counts for its own scheme alone: as an HMAC key a public key would be one that everybody has. */
function isSigned(keys: readonly VerifyingKey[], given: Signatures, parts: readonly (Buffer | string)[]): boolean {
  const symmetric = keys.flatMap(({ scheme, key }) => (scheme === 'v1' ? [key] : []))
  if (signedByOneOf(symmetric, given.v1, parts)) return true
  if (given.v1a.length === 0) return false
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  return keys.some(({ scheme, key }) => scheme === 'v1a' && given.v1a.some((signature) => verify(null, content, key, signature)))
}

/**
 * The headers of a Standard Webhook for a body, as whoever holds `whsec_…` (v1), or `whsk_…`, the private half of a
 * `whpk_…` (v1a), sends them.
 */
export function signStandard(
  body: Uint8Array | string,
  secret: string,
  { id, timestampMs }: { readonly id: string; readonly timestampMs: number },
): Record<(typeof standardHeaders)[keyof typeof standardHeaders], string> {
  const timestamp = String(Math.floor(timestampMs / 1_000))
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatureOver([id, '.', timestamp, '.', body], secret),
  }
}

function signatureOver(parts: readonly (Uint8Array | string)[], secret: string): string {
  const privateKey = signingKey(secret)
  if (privateKey) return `v1a,${sign(null, Buffer.concat(parts.map((part) => Buffer.from(part))), privateKey).toString('base64')}`
  const key = verifyingKey(secret)
  if (key?.scheme !== 'v1') throw new TypeError('the secret is neither whsec_ nor whsk_ and a key in base64')
  return `v1,${hmacSha256(key.key, parts).toString('base64')}`
}
