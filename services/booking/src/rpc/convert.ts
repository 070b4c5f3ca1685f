import {
  type AnswerCallResponse,
  type Appointment as AppointmentMessage,
  type AppointmentStatus,
  BookingRefusal,
  type BookAppointmentRequest,
  type BookAppointmentResponse,
  CallRefusal,
  type CompanyId,
  type Customer as CustomerMessage,
  type ListFreeTimesRequest,
  parseEventId,
} from '@frontdesk/contracts'
import { isStorableInstant } from '@frontdesk/database'
import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import type { CallAnswer } from '../app/answer-call.ts'
import type { BookingAnswer, BookingRefusalReason, BookingRequest } from '../app/book-appointment.ts'
import type { FreeTimesQuery } from '../app/list-free-times.ts'
import type { RefusalReason, StoredAppointment, StoredCustomer } from '../app/ports.ts'
import type { AppointmentState } from '../domain/appointment.ts'
import { originNames, statusNames } from '../wire/names.ts'

export function toAppointmentMessage(companyId: CompanyId, appointment: StoredAppointment): AppointmentMessage {
  const { id, customerId, state, origin, originId, title, version, createdAt, updatedAt, flaggedAt } = appointment
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
    flaggedAt,
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

const minuteMs = 60_000
const longestWindowMs = 31 * 24 * 60 * minuteMs

/** @throws FrontdeskError invalid_argument. */
export function fromFreeTimesRequest(companyId: CompanyId, request: ListFreeTimesRequest): FreeTimesQuery {
  const window = { startsAt: instantOf('starts_from', request.startsFrom), endsAt: instantOf('ends_by', request.endsBy) }
  if (window.endsAt.getTime() - window.startsAt.getTime() > longestWindowMs) throw invalidArgument('ends_by: at most 31 days after it.')
  return { companyId, window, durationMs: durationMsOf(request.durationMinutes) }
}

/** @throws FrontdeskError invalid_argument. */
export function fromBookRequest(companyId: CompanyId, request: BookAppointmentRequest): BookingRequest {
  const { callId, customerName, title } = request
  const key = parseEventId(request.idempotencyKey)
  if (key === undefined) throw invalidArgument('idempotency_key: 64 lower-case hex digits.')
  if (!/^[\x21-\x7e]{1,128}$/.test(callId)) throw invalidArgument('call_id: 1 to 128 visible ASCII characters.')
  const startsAt = instantOf('starts_at', request.startsAt)
  const endsAt = new Date(startsAt.getTime() + durationMsOf(request.durationMinutes))
  return { companyId, key, callId, callerNumber: fromCallerNumber(request.callerNumber), customerName, title, startsAt, endsAt }
}

function instantOf(field: string, instant: Date | undefined): Date {
  if (!instant || !isStorableInstant(instant)) throw invalidArgument(`${field}: give an instant.`)
  return instant
}

function durationMsOf(minutes: number): number {
  if (minutes < 5 || minutes > 480) throw invalidArgument('duration_minutes: 5 to 480.')
  return minutes * minuteMs
}

const bookingRefusals = {
  taken: BookingRefusal.TAKEN,
  past: BookingRefusal.PAST,
  cancelled: BookingRefusal.CANCELLED,
} as const satisfies Record<BookingRefusalReason, BookingRefusal>

export function toBookResponse(answer: BookingAnswer): BookAppointmentResponse {
  if ('refused' in answer) return { outcome: { $case: 'refused', value: bookingRefusals[answer.refused] } }
  const { id, title, state } = answer.booked
  return { outcome: { $case: 'booked', value: { appointmentId: id, title, startsAt: state.startsAt } } }
}
