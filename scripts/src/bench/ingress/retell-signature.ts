import { createHmac, timingSafeEqual } from 'node:crypto'

// Of the measurement alone, and apart from packages/providers: what others are compared with must not move with what is compared.

const form = /^v=(0|[1-9]\d{0,15}),d=([0-9a-f]{64})$/
const toleranceMs = 5 * 60 * 1_000

/** Whether Retell's signature is of this body, by this key, and of the last or next 5 minutes. */
export function isSigned(header: unknown, rawBody: Buffer, apiKey: string): boolean {
  const [, timestamp, digest] = (typeof header === 'string' && form.exec(header)) || []
  if (timestamp === undefined || digest === undefined) return false
  const expected = createHmac('sha256', apiKey).update(rawBody).update(timestamp).digest()
  if (!timingSafeEqual(expected, Buffer.from(digest, 'hex'))) return false
  return Math.abs(Number(timestamp) - Date.now()) <= toleranceMs
}

/** The `x-retell-signature` of a body. */
export function sign(rawBody: Buffer, apiKey: string, timestampMs: number): string {
  const timestamp = String(timestampMs)
  return `v=${timestamp},d=${createHmac('sha256', apiKey).update(rawBody).update(timestamp).digest('hex')}`
}
