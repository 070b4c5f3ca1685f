import type { EventEnvelope, ReceivedEvent } from '@frontdesk/bus'

/** What a dead letter keeps of its event besides the body, in JSON. */
interface StoredEvent {
  readonly envelope: Omit<EventEnvelope, 'time'> & { readonly time: string }
  readonly subject: string
  readonly streamSequence: string
}

/** An event without its body, as the inbox stores it. */
export function packEvent({ envelope, subject, streamSequence }: ReceivedEvent): Uint8Array {
  const stored: StoredEvent = {
    envelope: { ...envelope, time: envelope.time.toISOString() },
    subject,
    streamSequence: streamSequence.toString(),
  }
  return Buffer.from(JSON.stringify(stored))
}

/** The event that a dead letter of ours holds. */
export function unpackEvent(packed: Uint8Array, body: Uint8Array, deliveryCount: number): ReceivedEvent {
  const { envelope, subject, streamSequence } = JSON.parse(Buffer.from(packed).toString('utf8')) as StoredEvent
  return {
    envelope: { ...envelope, time: new Date(envelope.time) },
    subject,
    streamSequence: BigInt(streamSequence),
    body,
    deliveryCount,
  }
}
