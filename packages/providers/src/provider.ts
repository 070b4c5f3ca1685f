import type { EventId, EventType } from '@frontdesk/contracts'

/** The providers whose webhooks we take. */
export type ProviderName = 'retell' | 'calcom' | 'stripe' | 'whatsapp' | 'standard'

/** What a signature is checked against: header names in lower case, and the body's bytes as they arrived. */
export interface SignedRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly rawBody: Buffer
}

/** How a body reached us; becomes part of the source of each of its events. */
export interface Delivery {
  readonly deliveryId: string
  /** The connection whose own secret verified; undefined under a platform secret. */
  readonly connectionId: string | undefined
  readonly receivedAt: Date
  /** The request's, names in lower case. Only what the signature covers may be believed of them. */
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** One event of ours, made from a provider's body. */
export interface NormalizedEvent {
  readonly id: EventId
  readonly type: EventType
  /** The provider's id of what it is about (a call, a booking, a message, …); the delivery's id when the body names nothing. */
  readonly entityId: string
  /** By the provider's clock; when we received it, if the provider does not say. */
  readonly occurredAt: Date
  /** The payload in proto3 JSON, at most 256 KiB. */
  readonly body: Uint8Array
}

/** How one provider's webhooks are proved and understood. */
export interface Provider {
  readonly name: ProviderName
  readonly bodyLimitBytes: number
  /**
   * Proves that one of the secrets signed these bytes; call it before anything reads the body.
   * @throws FrontdeskError `signature_missing`, `signature_malformed`, `signature_invalid` or `timestamp_out_of_tolerance`.
   */
  verify(request: SignedRequest, secrets: readonly string[], now: Date): void
  /**
   * Turns a verified body into events; what is not modelled or does not fit becomes `frontdesk.provider_event.received.v1`.
   * @throws FrontdeskError `malformed_json`.
   */
  normalize(rawBody: Buffer, delivery: Delivery): NormalizedEvent[]
}
