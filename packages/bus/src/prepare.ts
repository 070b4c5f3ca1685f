import type { MsgHdrs } from '@nats-io/nats-core'
import { envelopeHeaders, natsMessageId, toHeaders } from './envelope.ts'
import type { OutgoingMessage, PublishFailure } from './messages.ts'
import { companyOf, streamOf } from './subjects.ts'

type Prepared =
  | { readonly ok: true; readonly headers: MsgHdrs }
  | { readonly ok: false; readonly reason: PublishFailure; readonly detail: string }

/** The headers to publish a message with, or why it can't be: what the broker or the client would refuse is found here. */
export function prepare({ envelope, subject, body, repeat }: OutgoingMessage, maxPayloadBytes = Number.POSITIVE_INFINITY): Prepared {
  if (streamOf(subject) === undefined) return { ok: false, reason: 'wrong_subject', detail: `no stream of ours owns ${subject}` }
  const company = companyOf(subject)
  if (company !== undefined && company !== envelope.companyId) {
    return { ok: false, reason: 'wrong_subject', detail: 'the subject and the envelope name different companies' }
  }
  let headers: Record<string, string>
  try {
    headers = envelopeHeaders(envelope)
    headers['Nats-Msg-Id'] = natsMessageId(envelope, subject, repeat)
  } catch (error) {
    return { ok: false, reason: 'rejected', detail: error instanceof Error ? error.message : String(error) }
  }
  const size = body.length + headersBytes(headers)
  if (size > maxPayloadBytes) {
    return { ok: false, reason: 'too_large', detail: `${size} bytes with headers; the broker takes ${maxPayloadBytes}` }
  }
  return { ok: true, headers: toHeaders(headers) }
}

/** Their size on the wire: all of ours are ASCII. */
function headersBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = 'NATS/1.0\r\n\r\n'.length
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + ': \r\n'.length
  return bytes
}
