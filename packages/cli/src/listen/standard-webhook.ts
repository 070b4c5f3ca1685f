import { randomBytes } from 'node:crypto'
import { signStandard } from '@frontdesk/providers/samples'
import { UsageError } from '../errors.ts'

/** Reads the secret of Standard Webhooks' v1 (`whsec_`, 24 to 64 bytes in base64), or makes one. @throws UsageError if it is none. */
export function signingSecret(secret: string = `whsec_${randomBytes(32).toString('base64')}`): string {
  const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64')
  if (
    !secret.startsWith('whsec_') ||
    bytes.length < 24 ||
    bytes.length > 64 ||
    bytes.toString('base64') !== secret.slice('whsec_'.length)
  ) {
    throw new UsageError('--secret takes whsec_ and 24 to 64 bytes in base64.')
  }
  return secret
}

/** The headers by which the receiver proves a body; the id stays the same when it is sent again. */
export function signedHeaders(id: string, body: Uint8Array, secret: string, now: Date): Record<string, string> {
  // The id that is signed may have no full stop, which parts it from the timestamp.
  return signStandard(body, secret, { id: id.replace('.', '-'), timestampMs: now.getTime() })
}
