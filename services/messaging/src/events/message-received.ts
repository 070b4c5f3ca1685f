import { newId, notAfterReceipt, type PayloadOf } from '@frontdesk/contracts'
import type { Mail } from '../app/apply-mail.ts'
import { bytesMax, fits, invalid } from './invalid.ts'

const e164 = /^\+[1-9]\d{6,14}$/

/** What `frontdesk.message.received.v1` puts into the mailbox. */
export function onMessageReceived(
  payload: PayloadOf<'frontdesk.message.received.v1'>,
  { id: eventId, correlationId }: { readonly id: string; readonly correlationId: string },
): Mail {
  const { source, providerMessageId, phoneNumberId, sender, sentAt, kind, text } = payload
  const at = notAfterReceipt(sentAt ?? source?.occurredAt, source?.receivedAt)
  if (!at) throw invalid('sent_at and source.received_at are missing')
  if (!fits(providerMessageId, bytesMax.providerMessageId)) throw invalid('provider_message_id is missing or too long')
  if (!fits(phoneNumberId, bytesMax.phoneNumberId)) throw invalid('phone_number_id is missing or too long')
  const party = {
    phoneNumber: e164.test(sender?.phoneNumber ?? '') ? (sender?.phoneNumber ?? '') : '',
    userId: fits(sender?.providerUserId ?? '', bytesMax.userId) ? (sender?.providerUserId ?? '') : '',
    name: sender?.name ?? '',
  }
  if (party.phoneNumber === '' && party.userId === '') throw invalid('sender names nobody')
  return {
    kind: 'inbound',
    phoneNumberId,
    sender: party,
    message: {
      id: newId('msg'),
      conversationId: undefined,
      direction: 'inbound',
      kind: kind || 'unknown',
      text,
      template: undefined,
      status: 'received',
      statusAt: at,
      providerMessageId,
      purpose: undefined,
      appointmentId: undefined,
      failureReason: '',
      attempts: 0,
      queuedAt: at,
      dueAt: undefined,
      takenAt: undefined,
      correlationId,
      causationId: eventId,
      createdAt: at,
    },
  }
}
