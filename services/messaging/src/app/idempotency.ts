import { type CompanyId, deriveEventId, type EventId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'

const longestKey = 255

/** One key for all that a caller may ask to be sent. @throws FrontdeskError `invalid_argument` for none, or a long one. */
export function callerKey(companyId: CompanyId, key: string): EventId {
  if (key === '' || key.length > longestKey) {
    throw new FrontdeskError('invalid_argument', { publicMessage: `idempotency_key: 1 to ${longestKey} characters of your choice.` })
  }
  return deriveEventId(['frontdesk/messaging', companyId, 'caller', key])
}

/** An appointment is confirmed once, whatever is told of it again. */
export function confirmationKey(companyId: CompanyId, appointmentId: string): EventId {
  return deriveEventId(['frontdesk/messaging', companyId, 'appointment_confirmation', appointmentId])
}
