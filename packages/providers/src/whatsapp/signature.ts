import { FrontdeskError } from '@frontdesk/errors'
import { hmacSha256, signedByOneOf } from '../hmac.ts'
import type { SignedRequest } from '../provider.ts'

export const whatsappSignatureHeader = 'x-hub-signature-256'

const form = /^sha256=([0-9a-f]{64})$/

/** Proves a webhook of Meta: hex over the body, by the app's secret. It has no timestamp, so only the event ids stop a replay. */
export function verifyWhatsapp({ headers, rawBody }: SignedRequest, secrets: readonly string[]): void {
  const header = headers[whatsappSignatureHeader]
  if (!header) throw new FrontdeskError('signature_missing', { publicMessage: `There is no ${whatsappSignatureHeader} header.` })
  const [, digest] = form.exec(header) ?? []
  if (digest === undefined) {
    throw new FrontdeskError('signature_malformed', {
      publicMessage: `${whatsappSignatureHeader} is not sha256=<64 lower-case hex digits>.`,
    })
  }
  if (!signedByOneOf(secrets, [Buffer.from(digest, 'hex')], [rawBody])) {
    throw new FrontdeskError('signature_invalid', {
      publicMessage: 'The signature was not made over this body with the app secret that we have.',
    })
  }
}

/** The value of `x-hub-signature-256` for a body. */
export function signWhatsapp(body: Uint8Array | string, appSecret: string): string {
  return `sha256=${hmacSha256(appSecret, [body]).toString('hex')}`
}
