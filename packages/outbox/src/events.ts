import type { CompanyId, EventId, EventType } from '@frontdesk/contracts'

/** An event that a service lets out: `subject` is the NATS subject, `body` proto3 JSON in UTF-8. */
export interface NewEvent {
  readonly id: EventId
  /** 1 at first; raised only by a reprocess. */
  readonly revision: number
  readonly type: EventType
  readonly subject: string
  readonly entityId: string
  readonly body: Uint8Array
  readonly occurredAt: Date
  readonly companyId?: CompanyId
  /** Posterior of the attribution, 0 to 1. */
  readonly confidence?: number
  readonly correlationId: string
  readonly causationId?: string
  /** W3C trace headers to publish it with; those of the active span when left out. */
  readonly trace?: Record<string, string>
}
