/** What the domain's states are called on the wire, in RPC answers and in events. */
export const statusNames = {
  requested: 'APPOINTMENT_STATUS_REQUESTED',
  confirmed: 'APPOINTMENT_STATUS_CONFIRMED',
  cancelled: 'APPOINTMENT_STATUS_CANCELLED',
} as const

/** What the domain's origins are called on the wire. */
export const originNames = {
  call: 'APPOINTMENT_ORIGIN_CALL',
  calendar_booking: 'APPOINTMENT_ORIGIN_CALENDAR_BOOKING',
} as const
