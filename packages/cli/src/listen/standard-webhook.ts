import { createHmac, randomBytes } from 'node:crypto'
import { UsageError } from '../errors.ts'

/** The key of Standard Webhooks' v1: `whsec_` and 24 to 64 bytes in base64. */
export interface SigningKey {
  readonly secret: string
  readonly bytes: Buffer
}

/** Reads the secret, or makes one. @throws UsageError if it is none. */
export function signingKey(secret: string = `whsec_${randomBytes(32).toString('base64')}`): SigningKey {
  const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64')
  if (!secret.startsWith('whsec_') || bytes.length < 24 || bytes.length > 64) {
    throw new UsageError('--secret takes whsec_ and 24 to 64 bytes in base64.')
  }
  return { secret, bytes }
}

/** The headers by which the receiver proves a body; the id stays the same when it is sent again. */
export function signedHeaders(id: string, body: Uint8Array, { bytes }: SigningKey, now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1_000))
  const signature = createHmac('sha256', bytes).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
