import { decodePayload, type EventType, type PayloadOf } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { expect } from 'vitest'
import type { Delivery, NormalizedEvent, Provider } from '../src/provider.ts'

export const delivery: Delivery = {
  deliveryId: 'dlv_01jd3w2k7xe9qr5m8tz4vb6n0c',
  connectionId: undefined,
  receivedAt: new Date('2026-11-20T12:00:00.000Z'),
  headers: {},
}

/** Bodies that change when they are parsed and written again. */
export const sourceBodies = [
  '{"event":"call_ended","call":{"call_id":"c1","cost":1.0}}',
  '{"event":"call_ended","call":{"call_id":"c1","name":"Jos\\u00e9"}}',
  '{ "event": "call_ended", "call": { "call_id": "c1" } }',
  '{"event":"call_ended","call":{"call_id":"c1","big":12345678901234567890,"e":1e3,"slash":"\\/"}}',
]

/** `accepted`, or the code of the refusal; anything else that is thrown goes on. */
export function codeOf(check: () => void): string {
  try {
    check()
    return 'accepted'
  } catch (error) {
    if (isFrontdeskError(error)) return error.code
    throw error
  }
}

export function everyBitFlip(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    return flipped
  })
}

/** The only event of a body. */
export function onlyEvent(provider: Provider, body: Buffer | string, overrides: Partial<Delivery> = {}): NormalizedEvent {
  const events = provider.normalize(Buffer.from(body), { ...delivery, ...overrides })
  expect(events).toHaveLength(1)
  return events[0] as NormalizedEvent
}

/** The payload, after making sure that the event is of the type. */
export function payloadOf<Type extends EventType>(type: Type, event: NormalizedEvent): PayloadOf<Type> {
  expect(event.type).toBe(type)
  return decodePayload(type, event.body)
}

/** The source of an event of whatever type. */
export function sourceOf(event: NormalizedEvent) {
  const payload = decodePayload(event.type, event.body)
  if (!('source' in payload) || !payload.source) throw new TypeError('the payload has no source')
  return payload.source
}

/** The event's evidence as `kind value`, without the enum's prefix. */
export function evidenceOf(event: NormalizedEvent): string[] {
  return sourceOf(event).evidence.map(({ kind, value }) => `${kind.replace('EVIDENCE_KIND_', '').toLowerCase()} ${value}`)
}

export function violationsOf(event: NormalizedEvent): string[] {
  return payloadOf('frontdesk.provider_event.received.v1', event).schemaViolations
}
