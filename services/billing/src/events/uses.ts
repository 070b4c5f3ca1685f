import type { EventEnvelope } from '@frontdesk/bus'
import { notAfterReceipt, parseEventId, type PayloadOf } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { begunMinutes, type Use } from '../domain/usage.ts'

type Origin = Pick<EventEnvelope, 'id' | 'revision' | 'time'>

/** What `frontdesk.call.ended.v1` uses: the call's begun minutes, when it ended. */
export function useOfCall(payload: PayloadOf<'frontdesk.call.ended.v1'>, { id, revision, time }: Origin): Use {
  const { call, source, endedAt, durationMs } = payload
  const receivedAt = source?.receivedAt ?? time
  return {
    kind: 'call_minutes',
    quantity: begunMinutes(durationMs),
    entityId: entityOf(call?.callId),
    eventId: id,
    revision,
    usedAt: notAfterReceipt(endedAt ?? source?.occurredAt ?? receivedAt, receivedAt),
  }
}

/** What `frontdesk.message.sent.v1` uses: one message. */
export function useOfMessage(payload: PayloadOf<'frontdesk.message.sent.v1'>, { id, revision, time }: Origin): Use {
  const usedAt = notAfterReceipt(payload.sentAt ?? time, time)
  return { kind: 'messages', quantity: 1, entityId: entityOf(payload.messageId), eventId: id, revision, usedAt }
}

/**
 * What `frontdesk.event.withdrawn.v1` leaves of a use: nothing, by a revision above all that the company had, so that a late one of those
 * counts nothing either. Undefined for an event that uses nothing.
 */
export function useOfWithdrawn(payload: PayloadOf<'frontdesk.event.withdrawn.v1'>, { time }: Origin): Use | undefined {
  const { eventId, eventType, beforeRevision, source } = payload
  if (eventType !== 'frontdesk.call.ended.v1') return undefined
  if (!parseEventId(eventId) || beforeRevision < 2)
    throw new FrontdeskError('invalid_argument', { publicMessage: 'The withdrawn event has no id.' })
  const usedAt = notAfterReceipt(source?.occurredAt ?? time, source?.receivedAt ?? time)
  return { kind: 'call_minutes', quantity: 0, entityId: entityOf(source?.entityId), eventId, revision: beforeRevision, usedAt }
}

function entityOf(id: string | undefined): string {
  if (!id) throw new FrontdeskError('invalid_argument', { publicMessage: 'The call or message has no id.' })
  return id
}
