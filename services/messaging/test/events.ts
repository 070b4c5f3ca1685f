import type { EventEnvelope } from '@frontdesk/bus'
import {
  catalogue,
  type CompanyId,
  companySubject,
  deriveEventId,
  encodePayload,
  type EventType,
  type PayloadCodec,
  type PayloadOf,
} from '@frontdesk/contracts'

export interface CompanyEvent {
  readonly envelope: EventEnvelope
  readonly subject: string
  readonly body: Uint8Array
}

/** A company's event; fields of the payload that are left out have their proto3 defaults. */
export function companyEvent<Type extends EventType>(
  companyId: CompanyId,
  type: Type,
  key: string,
  payload: object,
  { revision = 1, time = new Date() }: { revision?: number; time?: Date } = {},
): CompanyEvent {
  const id = deriveEventId(['test', companyId, type, key])
  const codec = catalogue[type].payload as PayloadCodec<PayloadOf<Type>>
  return {
    envelope: {
      id,
      revision,
      type,
      source: 'frontdesk/company-resolver',
      subject: key || 'none',
      time,
      companyId,
      confidence: 0.99,
      correlationId: id,
    },
    subject: companySubject(companyId, type),
    body: encodePayload(type, codec.fromJSON(JSON.parse(JSON.stringify(payload)))),
  }
}

/** Somebody wrote "Hi" to the number. */
export function received(companyId: CompanyId, wamid: string, overrides: object = {}, options: { revision?: number } = {}): CompanyEvent {
  const at = new Date()
  const payload = {
    source: { receivedAt: at },
    providerMessageId: wamid,
    phoneNumberId: '106540352242922',
    businessAccountId: '102290129340398',
    sender: { phoneNumber: '+16505551234', name: 'Sheena' },
    sentAt: at,
    kind: 'text',
    text: 'Hi',
    ...overrides,
  }
  return companyEvent(companyId, 'frontdesk.message.received.v1', wamid, payload, options)
}

/** What became of a message of ours. */
export function statusChanged(
  companyId: CompanyId,
  wamid: string,
  status: 'SENT' | 'DELIVERED' | 'READ' | 'FAILED' | 'UNSPECIFIED',
  overrides: object = {},
): CompanyEvent {
  const at = new Date()
  const payload = {
    source: { receivedAt: at },
    providerMessageId: wamid,
    phoneNumberId: '106540352242922',
    status: `MESSAGE_DELIVERY_STATUS_${status}`,
    changedAt: at,
    ...overrides,
  }
  return companyEvent(companyId, 'frontdesk.message.status_changed.v1', `${wamid} ${status}`, payload)
}

/** An appointment has its time. */
export function appointmentConfirmed(companyId: CompanyId, appointmentId: string, revision = 1): CompanyEvent {
  const payload = { appointment: { appointmentId, status: 'APPOINTMENT_STATUS_CONFIRMED' } }
  return companyEvent(companyId, 'frontdesk.appointment.confirmed.v1', appointmentId, payload, { revision })
}
