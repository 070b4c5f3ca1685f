import type { OutgoingMessage } from '@frontdesk/bus'
import type { NewEvent } from './events.ts'
import type { outbox } from './tables.ts'

/** A committed row on its way to the broker. */
export interface PendingRow {
  readonly id: bigint
  /** From when on it belongs to the sweeper, in ms since the epoch. */
  readonly sweepableAtMs: number
  /** How often publishing it has failed. */
  readonly attempts: number
  readonly message: OutgoingMessage
}

/** The message of an event that was just appended. */
export function messageOf(event: NewEvent, source: string): OutgoingMessage {
  const { id, revision, type, subject, entityId, body, occurredAt, companyId, confidence, correlationId, causationId, trace } = event
  return {
    subject,
    body,
    envelope: {
      id,
      revision,
      type,
      source,
      subject: entityId,
      time: occurredAt,
      correlationId,
      ...(companyId !== undefined && { companyId }),
      ...(confidence !== undefined && { confidence }),
      ...(causationId !== undefined && { causationId }),
      ...(trace && Object.keys(trace).length > 0 && { trace }),
    },
  }
}

/** The event that a stored row stands for. */
export function pendingRowOf(row: typeof outbox.$inferSelect, source: string): PendingRow {
  const { companyId, confidence, causationId, traceparent, tracestate } = row
  const event: NewEvent = {
    id: row.eventId,
    revision: row.revision,
    type: row.eventType,
    subject: row.subject,
    entityId: row.entityId,
    body: row.body,
    occurredAt: row.occurredAt,
    correlationId: row.correlationId,
    ...(companyId !== null && { companyId }),
    ...(confidence !== null && { confidence }),
    ...(causationId !== null && { causationId }),
    ...(traceparent !== null && { trace: { traceparent, ...(tracestate !== null && { tracestate }) } }),
  }
  return { id: row.id, sweepableAtMs: row.nextAttemptAt.getTime(), attempts: row.attempts, message: messageOf(event, source) }
}
