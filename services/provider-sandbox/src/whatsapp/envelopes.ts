import { statusError } from './errors.ts'
import { isNumber } from './sending.ts'
import type { MessageStatus, SentMessage } from './state.ts'

// Meta's webhook bodies.

/** A user's message to one of the business's numbers. */
export interface InboundMessage {
  readonly id: string
  readonly phoneNumberId: string
  readonly businessAccountId: string
  /** Left out where the user is known by his id alone. */
  readonly from: string | undefined
  readonly fromUserId: string | undefined
  readonly name: string
  readonly text: string
}

export function inboundEnvelope(message: InboundMessage, now: number): object {
  const { from, fromUserId, name } = message
  return envelope(message.businessAccountId, message.phoneNumberId, {
    contacts: [{ profile: { name }, ...(from !== undefined && { wa_id: from }), ...(fromUserId !== undefined && { user_id: fromUserId }) }],
    messages: [
      {
        ...(from !== undefined && { from }),
        ...(fromUserId !== undefined && { from_user_id: fromUserId }),
        id: message.id,
        timestamp: String(now),
        type: 'text',
        text: { body: message.text },
      },
    ],
  })
}

/** What became of a message; a failure names no contact. */
export function statusEnvelope(
  businessAccountId: string,
  message: SentMessage,
  status: MessageStatus,
  now: number,
  errorCode?: number,
): object {
  const { to, reference } = message
  const contact = isNumber(to) ? { wa_id: to } : { user_id: to }
  return envelope(businessAccountId, message.phoneNumberId, {
    ...(status !== 'failed' && { contacts: [contact] }),
    statuses: [
      {
        id: message.id,
        status,
        timestamp: String(now),
        ...(isNumber(to) ? { recipient_id: to } : { recipient_user_id: to }),
        ...(status === 'failed' ? { errors: [statusError(errorCode ?? 131000)] } : { pricing: pricingOf(message) }),
        ...(reference !== null && { biz_opaque_callback_data: reference }),
      },
    ],
  })
}

function pricingOf({ type }: SentMessage): object {
  const isFree = type === 'text'
  return {
    billable: !isFree,
    pricing_model: 'PMP',
    category: isFree ? 'service' : 'utility',
    type: isFree ? 'free_customer_service' : 'regular',
  }
}

function envelope(businessAccountId: string, phoneNumberId: string, value: object): object {
  const metadata = { display_phone_number: phoneNumberId, phone_number_id: phoneNumberId }
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: businessAccountId, changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', metadata, ...value } }] }],
  }
}
