import { type CompanyId, newId, type PayloadOf } from '@frontdesk/contracts'
import type { Mail } from '../app/apply-mail.ts'
import { confirmationKey } from '../app/idempotency.ts'
import { queueOutbound } from '../domain/message.ts'
import { invalid } from './invalid.ts'

/** What `frontdesk.appointment.confirmed.v1` queues: a confirmation, whose text and recipient are decided when it is sent. */
export function onAppointmentConfirmed(
  { appointment }: PayloadOf<'frontdesk.appointment.confirmed.v1'>,
  companyId: CompanyId,
  { id: eventId, correlationId }: { readonly id: string; readonly correlationId: string },
  now: Date,
): Mail {
  const appointmentId = appointment?.appointmentId ?? ''
  if (!/^[a-z]+_[0-9a-z]{26}$/.test(appointmentId)) throw invalid('appointment.appointment_id is no id')
  const message = queueOutbound(
    {
      id: newId('msg'),
      conversationId: undefined,
      content: { kind: 'text', text: '' },
      purpose: 'appointment_confirmation',
      appointmentId,
      correlationId,
      causationId: eventId,
    },
    now,
  )
  return { kind: 'confirmation', key: confirmationKey(companyId, appointmentId), message }
}
