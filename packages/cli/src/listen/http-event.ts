import { encodeEnvelope } from '@frontdesk/bus'
import { cloudEvent, type LiveEvent } from '../live/live-event.ts'

/** An event as CloudEvents' HTTP binding has it. */
export interface HttpEvent {
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Binary: the payload's own bytes, with the attributes in headers. */
export function binaryEvent({ envelope, body }: LiveEvent): HttpEvent {
  const { 'ce-datacontenttype': contentType = 'application/json', ...headers } = Object.fromEntries(
    [...encodeEnvelope(envelope)].map(([name, [value = '']]) => [name, value]),
  )
  return { id: headers['ce-id'] ?? envelope.id, headers: { 'content-type': contentType, ...headers }, body }
}

/** Structured: one JSON document with the payload as its `data`. */
export function structuredEvent(event: LiveEvent): HttpEvent {
  const document = cloudEvent(event)
  return {
    id: String(document['id']),
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    body: Buffer.from(JSON.stringify(document)),
  }
}
