import { createHmac, timingSafeEqual } from 'node:crypto'

/** HMAC-SHA-256 over the parts, one after the other. */
export function hmacSha256(secret: string, parts: readonly (Uint8Array | string)[]): Buffer {
  const hmac = createHmac('sha256', secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** Whether one of the secrets made this 32-byte digest; takes as long whichever it was. */
export function signedByOneOf(secrets: readonly string[], digest: Buffer, parts: readonly (Uint8Array | string)[]): boolean {
  let signed = false
  for (const secret of secrets) {
    // Anyone can sign with an empty key, and an unset variable often arrives as one.
    if (secret === '') continue
    if (timingSafeEqual(hmacSha256(secret, parts), digest)) signed = true
  }
  return signed
}
