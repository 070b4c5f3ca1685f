import { type CompanyId } from '@frontdesk/contracts'
import { companyEvent, type CompanyEvent } from '@frontdesk/outbox/testing'

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
