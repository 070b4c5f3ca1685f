import { FrontdeskError } from '@frontdesk/errors'
import { hmacSha256, signedByOneOf } from '../hmac.ts'
import type { SignedRequest } from '../provider.ts'

export const calcomSignatureHeader = 'x-cal-signature-256'

const form = /^[0-9a-f]{64}$/

/** Proves a Cal.com webhook: bare hex over the body. It has no timestamp, so only the event id stops a replay. */
export function verifyCalcom({ headers, rawBody }: SignedRequest, secrets: readonly string[]): void {
  const header = headers[calcomSignatureHeader]
  if (!header) throw new FrontdeskError('signature_missing', { publicMessage: `There is no ${calcomSignatureHeader} header.` })
  if (header === 'no-secret-provided') {
    throw new FrontdeskError('signature_missing', {
      publicMessage: 'The webhook has no secret at Cal.com. Set there the secret that Frontdesk shows for the connection.',
    })
  }
  if (!form.test(header)) {
    throw new FrontdeskError('signature_malformed', { publicMessage: `${calcomSignatureHeader} is not 64 lower-case hex digits.` })
  }
  if (!signedByOneOf(secrets, [Buffer.from(header, 'hex')], [rawBody])) {
    throw new FrontdeskError('signature_invalid', {
      publicMessage: 'The signature was not made over this body with the connection’s secret.',
    })
  }
}

/** The value of `x-cal-signature-256` for a body. */
export function signCalcom(body: Uint8Array | string, secret: string): string {
  return hmacSha256(secret, [body]).toString('hex')
}
