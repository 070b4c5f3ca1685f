import { FrontdeskError } from '@frontdesk/errors'
import { hmacSha256, signedByOneOf } from '../hmac.ts'
import type { SignedRequest } from '../provider.ts'

export const stripeSignatureHeader = 'stripe-signature'

// While a secret is rolled, Stripe signs with both: one v1 each. Schemes that we do not know are no reason to refuse.
const form = /^t=(0|[1-9]\d{0,11})((?:,v\d{1,3}=[0-9A-Za-z]{1,128}){1,16})$/
const digest = /^[0-9a-f]{64}$/
const toleranceMs = 5 * 60 * 1000

/** Proves a Stripe webhook: one of its v1 digests over `<timestamp>.<body>`, at most 5 minutes off either way. */
export function verifyStripe({ headers, rawBody }: SignedRequest, secrets: readonly string[], now: Date): void {
  const header = headers[stripeSignatureHeader]
  if (!header) throw new FrontdeskError('signature_missing', { publicMessage: `There is no ${stripeSignatureHeader} header.` })
  const [, timestamp, signatures] = form.exec(header) ?? []
  const digests = v1Of(signatures ?? '')
  if (timestamp === undefined || digests.length === 0 || !digests.every((text) => digest.test(text))) {
    throw new FrontdeskError('signature_malformed', {
      publicMessage: `${stripeSignatureHeader} is not t=<seconds>,v1=<64 lower-case hex digits>[,v1=…].`,
    })
  }
  const given = digests.map((text) => Buffer.from(text, 'hex'))
  if (!signedByOneOf(secrets, given, [timestamp, '.', rawBody])) {
    throw new FrontdeskError('signature_invalid', {
      publicMessage: 'No v1 signature was made over this body with the endpoint’s secret that we have, the whole of whsec_….',
    })
  }
  const offMs = Number(timestamp) * 1_000 - now.getTime()
  if (Math.abs(offMs) > toleranceMs) {
    throw new FrontdeskError('timestamp_out_of_tolerance', {
      publicMessage: 'The signature’s timestamp is more than 5 minutes off.',
      detail: `off by ${offMs} ms`,
    })
  }
}

function v1Of(signatures: string): string[] {
  return signatures.split(',').flatMap((item) => (item.startsWith('v1=') ? [item.slice('v1='.length)] : []))
}

/** The value of `stripe-signature` for a body; Stripe counts whole seconds. */
export function signStripe(body: Uint8Array | string, secret: string, timestampMs: number): string {
  const timestamp = Math.floor(timestampMs / 1_000)
  return `t=${timestamp},v1=${hmacSha256(secret, [String(timestamp), '.', body]).toString('hex')}`
}
