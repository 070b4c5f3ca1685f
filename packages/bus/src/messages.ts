import type { CompanyId, EventId, EventType } from '@frontdesk/contracts'

/** Everything about an event but its payload; the CloudEvents attributes of a message. */
export interface EventEnvelope {
  readonly id: EventId
  /** 1 at first; a raised one amends what an earlier one did. */
  readonly revision: number
  readonly type: EventType
  /** Who published it: `frontdesk/<service>`. */
  readonly source: string
  /** The id of the entity the event is about. */
  readonly subject: string
  /** When it happened, to the millisecond. */
  readonly time: Date
  readonly companyId?: CompanyId
  /** How sure the attribution to the company is, 0 to 1. */
  readonly confidence?: number
  readonly correlationId: string
  readonly causationId?: string
  /** W3C `traceparent` and `tracestate`. */
  readonly trace?: Record<string, string>
}

/** An event on its way to the broker. */
export interface OutgoingMessage {
  readonly envelope: EventEnvelope
  /** The NATS subject. */
  readonly subject: string
  readonly body: Uint8Array
  /** Lower-case letters, digits and `_`: part of the message id, so that the broker does not take it for an earlier publication. */
  readonly stage?: string
}

/** An event as the broker delivered it. */
export interface ReceivedEvent extends OutgoingMessage {
  /** 1 at the first delivery. */
  readonly deliveryCount: number
  readonly streamSequence: bigint
}

/** A delivered message whose headers or subject are not those of an event of ours, in this version or a later one. */
export interface UndecodableMessage {
  readonly stream: string
  readonly subject: string
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: Uint8Array
  readonly deliveryCount: number
  readonly streamSequence: bigint
  readonly error: Error
}

/** Why a message may not be in its stream. After `not_connected` and `timeout` it may be there all the same. */
export type PublishFailure = 'not_connected' | 'timeout' | 'no_stream' | 'too_large' | 'wrong_subject' | 'rejected'

/** What became of one message: stored under its own subject, or not known to be. */
export type PublishOutcome =
  | { readonly ok: true; readonly stream: string; readonly sequence: bigint; readonly duplicate: boolean }
  | { readonly ok: false; readonly reason: PublishFailure; readonly detail: string }
