import type { EventEnvelope } from '@frontdesk/bus'
import { notAfterReceipt, type PayloadOf } from '@frontdesk/contracts'
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

function entityOf(id: string | undefined): string {
  if (!id) throw new FrontdeskError('invalid_argument', { publicMessage: 'The call or message has no id.' })
  return id
}
