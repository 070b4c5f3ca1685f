import {
  type AppointmentSnapshot,
  type CompanyId,
  companySubject,
  deriveEventId,
  encodePayload,
  type EventType,
  type PayloadOf,
} from '@frontdesk/contracts'
import type { NewEvent } from '@frontdesk/outbox'
import type { ChangeOutcome, CustomerEvent } from '../app/apply-changes.ts'
import type { Appointment, AppointmentEvent } from '../domain/appointment.ts'
import { originNames, statusNames } from '../wire/names.ts'

/** The event, or the request, that caused the change. */
export interface Cause {
  readonly companyId: CompanyId
  readonly eventId: string
  readonly revision: number
  readonly correlationId: string
  readonly at: Date
}

/** What other services are told of a change. */
export function toNewEvents(outcome: ChangeOutcome, cause: Cause): NewEvent[] {
  const told = outcome.appointments.map((event) => appointmentEvent(event, cause))
  return outcome.customer ? [customerEvent(outcome.customer, cause), ...told] : told
}

function customerEvent({ type, customer }: CustomerEvent, cause: Cause): NewEvent {
  const { id, name, email, phoneNumber } = customer
  return newEvent(cause, `frontdesk.customer.${type}.v1`, id, { customer: { customerId: id, name, email, phoneNumber } })
}

function appointmentEvent(event: AppointmentEvent, cause: Cause): NewEvent {
  const appointment = snapshot(event.appointment)
  const id = event.appointment.id
  switch (event.type) {
    case 'requested':
      return newEvent(cause, 'frontdesk.appointment.requested.v1', id, { appointment, preferredStartText: event.preferredStartText })
    case 'confirmed':
      return newEvent(cause, 'frontdesk.appointment.confirmed.v1', id, { appointment })
    case 'rescheduled': {
      const { previousStartsAt, previousEndsAt } = event
      return newEvent(cause, 'frontdesk.appointment.rescheduled.v1', id, { appointment, previousStartsAt, previousEndsAt })
    }
    case 'cancelled':
      return newEvent(cause, 'frontdesk.appointment.cancelled.v1', id, { appointment, reason: event.reason })
    default:
      return event satisfies never
  }
}

function newEvent<Type extends EventType>(cause: Cause, type: Type, entityId: string, payload: PayloadOf<Type>): NewEvent {
  return {
    // The same cause tells the same thing of the same entity once, however often it is handled.
    id: deriveEventId(['frontdesk/booking', cause.companyId, cause.eventId, String(cause.revision), type, entityId]),
    revision: 1,
    type,
    subject: companySubject(cause.companyId, type),
    entityId,
    body: encodePayload(type, payload),
    occurredAt: cause.at,
    companyId: cause.companyId,
    correlationId: cause.correlationId,
    causationId: cause.eventId,
  }
}

function snapshot({ id, customerId, state, origin, originId, title, version }: Appointment): AppointmentSnapshot {
  return {
    appointmentId: id,
    customerId: customerId ?? '',
    status: statusNames[state.status],
    origin: originNames[origin],
    originId,
    title,
    startsAt: state.startsAt,
    endsAt: 'endsAt' in state ? state.endsAt : undefined,
    version,
  }
}
