import { notAfterReceipt, type PayloadOf } from '@frontdesk/contracts'
import type { Withdrawal } from '../app/withdraw-events.ts'

/** What `frontdesk.event.withdrawn.v1` takes back here; nothing where the event was of a type that makes no appointment. */
export function onEventWithdrawn(
  { eventType, beforeRevision, source }: PayloadOf<'frontdesk.event.withdrawn.v1'>,
  at: Date,
): Withdrawal | undefined {
  const kind = kindOf(eventType)
  const occurredAt = notAfterReceipt(source?.occurredAt, source?.receivedAt)
  if (!kind || !source?.entityId || !occurredAt) return undefined
  return { reference: { kind, value: source.entityId }, occurredAt, beforeRevision, at }
}

function kindOf(eventType: string): 'call' | 'calendar_booking' | undefined {
  if (eventType === 'frontdesk.call.analyzed.v1') return 'call'
  return eventType.startsWith('frontdesk.calendar_booking.') ? 'calendar_booking' : undefined
}
