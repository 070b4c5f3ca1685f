import { FrontdeskError } from '@frontdesk/errors'
import { hmacSha256, signedByOneOf } from '../hmac.ts'
import type { SignedRequest } from '../provider.ts'

export const retellSignatureHeader = 'x-retell-signature'

// No leading zeros: there is nothing between body and timestamp, and a digit must not count for either.
const form = /^v=(0|[1-9]\d{0,15}),d=([0-9a-f]{64})$/i
const toleranceMs = 5 * 60 * 1000

/** Proves a Retell webhook: `v=<ms>,d=<hex>` over body and timestamp, at most 5 minutes off either way. */
export function verifyRetell({ headers, rawBody }: SignedRequest, secrets: readonly string[], now: Date): void {
  const header = headers[retellSignatureHeader]
  if (!header) throw new FrontdeskError('signature_missing', { publicMessage: `There is no ${retellSignatureHeader} header.` })
  const [, timestamp, digest] = form.exec(header) ?? []
  if (timestamp === undefined || digest === undefined) {
    throw new FrontdeskError('signature_malformed', {
      publicMessage: `${retellSignatureHeader} is not v=<milliseconds>,d=<64 hex digits>.`,
    })
  }
  if (!signedByOneOf(secrets, [Buffer.from(digest, 'hex')], [rawBody, timestamp])) {
    throw new FrontdeskError('signature_invalid', {
      publicMessage: 'The signature was not made over this body with the API key that we have. Only the key with the webhook badge signs.',
    })
  }
  const offMs = Number(timestamp) - now.getTime()
  if (Math.abs(offMs) > toleranceMs) {
    throw new FrontdeskError('timestamp_out_of_tolerance', {
      publicMessage: 'The signature’s timestamp is more than 5 minutes off.',
      detail: `off by ${offMs} ms`,
    })
  }
}

/** The value of `x-retell-signature` for a body. */
export function signRetell(body: Uint8Array | string, apiKey: string, timestampMs: number): string {
  return `v=${timestampMs},d=${hmacSha256(apiKey, [body, String(timestampMs)]).toString('hex')}`
}
