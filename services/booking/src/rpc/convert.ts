import type { Appointment, AppointmentStatus, Customer } from '@frontdesk/contracts'
import type { AppointmentRow, CustomerRow } from '../db/mapping.ts'

const statusOf = {
  requested: 'APPOINTMENT_STATUS_REQUESTED',
  confirmed: 'APPOINTMENT_STATUS_CONFIRMED',
  cancelled: 'APPOINTMENT_STATUS_CANCELLED',
} as const
const originOf = { call: 'APPOINTMENT_ORIGIN_CALL', calendar_booking: 'APPOINTMENT_ORIGIN_CALENDAR_BOOKING' } as const

export function toAppointmentMessage(row: AppointmentRow): Appointment {
  return {
    appointmentId: row.appointmentId,
    companyId: row.companyId,
    customerId: row.customerId ?? '',
    status: statusOf[row.status],
    origin: originOf[row.origin],
    originId: row.originId,
    title: row.title,
    startsAt: row.startsAt ?? undefined,
    endsAt: row.endsAt ?? undefined,
    cancellationReason: row.cancellationReason,
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }
}

export function toCustomerMessage(row: CustomerRow): Customer {
  const { customerId, companyId, name, email, phoneNumber, createdAt } = row
  return { customerId, companyId, name, email, phoneNumber, createdAt }
}

/** Undefined where the request names none, which matches all. */
export function fromStatusMessage(status: AppointmentStatus): AppointmentRow['status'] | undefined {
  const known = Object.entries(statusOf).find(([, message]) => message === status)
  return known?.[0] as AppointmentRow['status'] | undefined
}
