import {
  type AnswerCallResponse,
  type Appointment as AppointmentMessage,
  type AppointmentStatus,
  CallRefusal,
  type CompanyId,
  type Customer as CustomerMessage,
} from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { CallAnswer } from '../app/answer-call.ts'
import type { RefusalReason, StoredAppointment, StoredCustomer } from '../app/ports.ts'
import type { AppointmentState } from '../domain/appointment.ts'
import { originNames, statusNames } from '../wire/names.ts'

export function toAppointmentMessage(companyId: CompanyId, appointment: StoredAppointment): AppointmentMessage {
  const { id, customerId, state, origin, originId, title, version, createdAt, updatedAt } = appointment
  return {
    appointmentId: id,
    companyId,
    customerId: customerId ?? '',
    status: statusNames[state.status],
    origin: originNames[origin],
    originId,
    title,
    startsAt: state.startsAt,
    endsAt: 'endsAt' in state ? state.endsAt : undefined,
    cancellationReason: 'reason' in state ? state.reason : '',
    version,
    createdAt,
    updatedAt,
  }
}

export function toCustomerMessage(companyId: CompanyId, { id, name, email, phoneNumber, createdAt }: StoredCustomer): CustomerMessage {
  return { customerId: id, companyId, name, email, phoneNumber, createdAt }
}

/** Undefined where the request names none, which matches all. */
export function fromStatusMessage(status: AppointmentStatus): AppointmentState['status'] | undefined {
  const known = Object.entries(statusNames).find(([, message]) => message === status)
  return known?.[0] as AppointmentState['status'] | undefined
}

const refusals = {
  no_subscription: CallRefusal.NO_SUBSCRIPTION,
  subscription_inactive: CallRefusal.SUBSCRIPTION_INACTIVE,
  other: CallRefusal.UNSPECIFIED,
} as const satisfies Record<RefusalReason, CallRefusal>

export function toAnswerMessage(answer: CallAnswer): AnswerCallResponse {
  if (!answer.accepted) return { accepted: false, refusal: refusals[answer.reason], customerName: '', nextAppointment: undefined }
  const next = answer.caller?.nextAppointment
  return {
    accepted: true,
    refusal: CallRefusal.UNSPECIFIED,
    customerName: answer.caller?.name ?? '',
    nextAppointment: next && { appointmentId: next.id, title: next.title, startsAt: next.startsAt },
  }
}

/** Undefined for a withheld one. @throws FrontdeskError invalid_argument. */
export function fromCallerNumber(text: string): string | undefined {
  if (text === '') return undefined
  if (/^\+[1-9]\d{6,14}$/.test(text)) return text
  throw new FrontdeskError('invalid_argument', { publicMessage: 'caller_number: give it in E.164, or nothing when it is withheld.' })
}
