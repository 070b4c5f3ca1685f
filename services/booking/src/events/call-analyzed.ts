import { type Call, notAfterReceipt, type PayloadOf } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Change } from '../app/ports.ts'
import type { Contact } from '../domain/customer.ts'

/** What `frontdesk.call.analyzed.v1` changes: an appointment where the caller asked for one, else nothing. */
export function onCallAnalyzed(
  { source, call, appointmentRequest: request }: PayloadOf<'frontdesk.call.analyzed.v1'>,
  revision: number,
): Change | undefined {
  if (!request) return undefined
  const occurredAt = notAfterReceipt(source?.occurredAt, source?.receivedAt)
  if (!call?.callId || !occurredAt) {
    throw new FrontdeskError('invalid_argument', { publicMessage: 'The analyzed call has no id or no time.' })
  }
  return {
    origin: 'call',
    originId: call.callId,
    title: request.offering,
    state: { status: 'requested', startsAt: request.preferredStart, preferredStartText: request.preferredStartText },
    order: { occurredAt, sequence: 0, rank: 0, revision },
    references: [{ kind: 'call', value: call.callId }],
    contact: contactOf(call, request.customerName, occurredAt),
  }
}

/** The signed call's own number is who the customer is; what he said his name was only names him. */
function contactOf({ direction, fromNumber, toNumber }: Call, name: string, at: Date): Contact | undefined {
  const phoneNumber = direction === 'CALL_DIRECTION_OUTBOUND' ? toNumber : fromNumber
  if (!phoneNumber) return undefined
  return { identity: { kind: 'caller_number', value: phoneNumber }, name, email: '', phoneNumber, at }
}
