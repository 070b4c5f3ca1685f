import { type bookingEventTypes, type CalendarBooking, notAfterReceipt, type PayloadOf } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { AppointmentReference, Change } from '../app/ports.ts'
import type { AppointmentState } from '../domain/appointment.ts'
import type { Contact } from '../domain/customer.ts'

type CalendarEventType = Extract<(typeof bookingEventTypes)[number], `frontdesk.calendar_booking.${string}`>

/** What `appointment_references` and `customer_identities` hold, in bytes: a longer name is none, and costs nobody his appointment. */
const referenceBytesMax = 255
const identityBytesMax = 320

const isReference = (value: string) => Buffer.byteLength(value) <= referenceBytesMax

const rankOf = { created: 0, rescheduled: 1, cancelled: 2 } as const

/** What `frontdesk.calendar_booking.created.v1` changes. */
export function onBookingCreated(payload: PayloadOf<'frontdesk.calendar_booking.created.v1'>, revision: number): Change {
  const booking = bookingOf(payload)
  return changeOf(payload, booking, { kind: 'created', revision }, confirmed(booking), undefined)
}

/** What `frontdesk.calendar_booking.rescheduled.v1` changes. */
export function onBookingRescheduled(payload: PayloadOf<'frontdesk.calendar_booking.rescheduled.v1'>, revision: number): Change {
  const booking = bookingOf(payload)
  return changeOf(payload, booking, { kind: 'rescheduled', revision }, confirmed(booking), payload.previousUid || undefined)
}

/** What `frontdesk.calendar_booking.cancelled.v1` changes. */
export function onBookingCancelled(payload: PayloadOf<'frontdesk.calendar_booking.cancelled.v1'>, revision: number): Change {
  const booking = bookingOf(payload)
  const { startsAt, endsAt } = booking
  const reason = payload.reason || (payload.rescheduleRequested ? 'the host asked for another time' : '')
  return changeOf(payload, booking, { kind: 'cancelled', revision }, { status: 'cancelled', startsAt, endsAt, reason }, undefined)
}

function bookingOf({ booking }: PayloadOf<CalendarEventType>): CalendarBooking {
  if (!booking?.uid || !isReference(booking.uid)) throw invalid('booking.uid is missing or too long')
  return booking
}

function confirmed({ startsAt, endsAt }: CalendarBooking): AppointmentState {
  if (!startsAt || !endsAt) throw invalid('booking.startsAt or booking.endsAt is missing')
  return { status: 'confirmed', startsAt, endsAt }
}

function changeOf(
  { source }: PayloadOf<CalendarEventType>,
  booking: CalendarBooking,
  { kind, revision }: { kind: keyof typeof rankOf; revision: number },
  state: AppointmentState,
  previousUid: string | undefined,
): Change {
  const occurredAt = notAfterReceipt(source?.occurredAt, source?.receivedAt)
  if (!occurredAt) throw invalid('source.occurredAt and source.receivedAt are missing')
  const references: AppointmentReference[] = [{ kind: 'calendar_booking', value: booking.uid }]
  if (booking.icalUid && isReference(booking.icalUid)) references.push({ kind: 'calendar_series', value: booking.icalUid })
  if (previousUid && isReference(previousUid)) references.push({ kind: 'calendar_booking', value: previousUid })
  return {
    origin: 'calendar_booking',
    originId: booking.uid,
    title: booking.title,
    state,
    order: { occurredAt, sequence: booking.icalSequence, rank: rankOf[kind], revision },
    references,
    contact: contactOf(booking, occurredAt),
  }
}

function contactOf({ attendees: [guest] }: CalendarBooking, at: Date): Contact | undefined {
  if (!guest) return undefined
  const { email, name, phoneNumber } = guest
  const value = email.toLowerCase()
  if (value === '' || Buffer.byteLength(value) > identityBytesMax) return undefined
  return { identity: { kind: 'email', value }, name, email, phoneNumber, at }
}

function invalid(detail: string): FrontdeskError {
  return new FrontdeskError('invalid_argument', { publicMessage: 'The calendar booking lacks what an appointment needs.', detail })
}
