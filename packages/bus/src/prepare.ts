import { type MsgHdrs, MsgHdrsImpl } from '@nats-io/nats-core'
import { envelopeHeaders, natsMessageId } from './envelope.ts'
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
  const text = headerText(headers)
  const size = body.length + text.length
  if (size > maxPayloadBytes) {
    return { ok: false, reason: 'too_large', detail: `${size} bytes with headers; the broker takes ${maxPayloadBytes}` }
  }
  return { ok: true, headers: new WrittenHeaders(text) }
}

/** Headers as they go over the wire: all of ours are ASCII, those of the envelope are checked, and `repeat` is never a stranger's. */
function headerText(headers: Readonly<Record<string, string>>): string {
  let text = 'NATS/1.0\r\n'
  for (const name in headers) text += `${name}: ${headers[name] ?? ''}\r\n`
  return `${text}\r\n`
}

/** Headers that are only sent: the client asks them for nothing but their bytes, and to collect them by name first costs more than to write them. */
class WrittenHeaders extends MsgHdrsImpl {
  readonly #text: string

  constructor(text: string) {
    super()
    this.#text = text
  }

  override encode(): Uint8Array {
    return Buffer.from(this.#text, 'latin1')
  }
}
