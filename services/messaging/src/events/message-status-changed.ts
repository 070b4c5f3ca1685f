import { type MessageDeliveryStatus, notAfterReceipt, type PayloadOf } from '@frontdesk/contracts'
import type { Mail } from '../app/apply-mail.ts'
import type { StatusReport } from '../domain/message-status.ts'
import { bytesMax, fits, invalid } from './invalid.ts'

const statuses: Partial<Readonly<Record<MessageDeliveryStatus, StatusReport['status']>>> = {
  MESSAGE_DELIVERY_STATUS_SENT: 'sent',
  MESSAGE_DELIVERY_STATUS_DELIVERED: 'delivered',
  MESSAGE_DELIVERY_STATUS_READ: 'read',
  MESSAGE_DELIVERY_STATUS_FAILED: 'failed',
}

/** How long our own commit of the provider's id may be under way. */
const recentMs = 60_000

/** What `frontdesk.message.status_changed.v1` reports of a message of ours. */
export function onMessageStatusChanged(payload: PayloadOf<'frontdesk.message.status_changed.v1'>, now: Date): Mail {
  const { source, providerMessageId, changedAt, reference, failure } = payload
  const status = statuses[payload.status]
  const at = notAfterReceipt(changedAt ?? source?.occurredAt, source?.receivedAt)
  if (!status) throw invalid('status is none that is known')
  if (!at) throw invalid('changed_at and source.received_at are missing')
  if (!fits(providerMessageId, bytesMax.providerMessageId)) throw invalid('provider_message_id is missing or too long')
  const reason = failure ? `WhatsApp ${failure.code}: ${failure.details || failure.title}` : 'WhatsApp gave no reason.'
  return {
    kind: 'status',
    // Whatever else somebody gave along is none of our ids.
    reference: /^msg_[0-9a-z]{26}$/.test(reference) ? reference : '',
    report: { status, at, providerMessageId, reason: status === 'failed' ? reason : '' },
    isRecent: now.getTime() - (source?.receivedAt ?? at).getTime() < recentMs,
  }
}
