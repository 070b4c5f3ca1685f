import type { Appointment, AppointmentState } from '../domain/appointment.ts'
import type { Customer } from '../domain/customer.ts'
import type { appointments } from './schema/appointments.ts'
import type { customers } from './schema/customers.ts'

export type AppointmentRow = typeof appointments.$inferSelect
export type CustomerRow = typeof customers.$inferSelect

export function toAppointment(row: AppointmentRow): Appointment {
  return {
    id: row.appointmentId,
    customerId: row.customerId ?? undefined,
    origin: row.origin,
    originId: row.originId,
    title: row.title,
    state: toState(row),
    version: row.version,
    order: { occurredAt: row.changedAt, sequence: row.changeSequence, rank: row.changeRank, revision: row.changeRevision },
    flaggedAt: row.flaggedAt ?? undefined,
  }
}

function toState({ appointmentId, status, startsAt, endsAt, preferredStartText, cancellationReason }: AppointmentRow): AppointmentState {
  switch (status) {
    case 'requested':
      return { status, startsAt: startsAt ?? undefined, preferredStartText }
    case 'cancelled':
      return { status, startsAt: startsAt ?? undefined, endsAt: endsAt ?? undefined, reason: cancellationReason }
    case 'confirmed':
      if (!startsAt || !endsAt) throw new Error(`${appointmentId} is confirmed without a time`)
      return { status, startsAt, endsAt }
    default:
      return status satisfies never
  }
}

/** Free text is cut to its column: a long one must not keep an appointment from being made. */
export function fromAppointment(companyId: string, appointment: Appointment, now: Date): AppointmentRow {
  const { id, customerId, origin, originId, title, state, version, order } = appointment
  return {
    companyId,
    appointmentId: id,
    customerId: customerId ?? null,
    status: state.status,
    origin,
    originId,
    title: title.slice(0, 500),
    startsAt: state.startsAt ?? null,
    endsAt: 'endsAt' in state ? (state.endsAt ?? null) : null,
    preferredStartText: state.status === 'requested' ? state.preferredStartText.slice(0, 500) : '',
    cancellationReason: state.status === 'cancelled' ? state.reason.slice(0, 1000) : '',
    version,
    changedAt: order.occurredAt,
    changeSequence: order.sequence,
    changeRank: order.rank,
    changeRevision: order.revision,
    flaggedAt: appointment.flaggedAt ?? null,
    createdAt: now,
    updatedAt: now,
  }
}

export function toCustomer({ customerId, name, email, phoneNumber, contactAt }: CustomerRow): Customer {
  return { id: customerId, name, email, phoneNumber, contactAt }
}

export function fromCustomer(companyId: string, { id, name, email, phoneNumber, contactAt }: Customer, now: Date): CustomerRow {
  return { companyId, customerId: id, name: name.slice(0, 255), email: email.slice(0, 320), phoneNumber, contactAt, createdAt: now }
}
