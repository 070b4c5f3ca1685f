import type { Appointment as AppointmentMessage, AppointmentStatus, CompanyId, Customer as CustomerMessage } from '@frontdesk/contracts'
import type { StoredAppointment, StoredCustomer } from '../app/ports.ts'
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
