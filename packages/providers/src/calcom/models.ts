import { type CalendarBooking, CalendarNoShowParty, type EventSource, type PayloadOf } from '@frontdesk/contracts'
import { email, phoneNumber } from '../evidence.ts'
import { memberOf } from '../json.ts'
import { type Model, model, unmodelled } from '../normalized-event.ts'
import {
  bookingCancelled,
  bookingCreated,
  bookingMoved,
  bookingRejected,
  bookingRequested,
  bookingRescheduled,
  bookingRow,
  bookingTold,
  type CalcomBooking,
  envelope,
  noShow,
} from './schema.ts'

/** How the kind of event becomes a payload; one that we do not model needs no more than its name. */
export function modelOf(kind: string): Model {
  return models.get(kind) ?? anyOther
}

const rescheduled = model('frontdesk.calendar_booking.rescheduled.v1', bookingRescheduled, ({ payload }, source) => ({
  source,
  booking: bookingOf(payload),
  previousUid: payload.rescheduleUid,
  previousStartsAt: payload.rescheduleStartTime ?? undefined,
  previousEndsAt: payload.rescheduleEndTime ?? undefined,
}))
const requested = model('frontdesk.calendar_booking.requested.v1', bookingRequested, ({ payload }, source) => ({
  source,
  booking: bookingOf(payload),
  previousUid: payload.rescheduleUid ?? '',
  previousStartsAt: payload.rescheduleStartTime ?? undefined,
  previousEndsAt: payload.rescheduleEndTime ?? undefined,
}))

const models: ReadonlyMap<string, Model> = new Map([
  [
    'BOOKING_CREATED',
    model('frontdesk.calendar_booking.created.v1', bookingCreated, ({ payload }, source) => ({ source, booking: bookingOf(payload) })),
  ],
  ['BOOKING_RESCHEDULED', rescheduled],
  [
    'BOOKING_CANCELLED',
    model('frontdesk.calendar_booking.cancelled.v1', bookingCancelled, ({ payload }, source) => ({
      source,
      booking: bookingOf(payload),
      reason: payload.cancellationReason ?? '',
      rescheduleRequested: payload.requestReschedule ?? false,
    })),
  ],
  // A reschedule over the API is announced as a request, though nobody has to confirm it any more.
  ['BOOKING_REQUESTED', (json, source, at) => (isAcceptedReschedule(json) ? rescheduled : requested)(json, source, at)],
  [
    'BOOKING_REJECTED',
    model('frontdesk.calendar_booking.rejected.v1', bookingRejected, ({ payload }, source) => ({
      source,
      booking: bookingOf(payload),
      reason: payload.rejectionReason ?? '',
    })),
  ],
  [
    'BOOKING_LOCATION_UPDATED',
    model('frontdesk.calendar_booking.location_updated.v1', bookingMoved, ({ payload }, source) => ({
      source,
      booking: bookingOf(payload),
      location: payload.location ?? '',
    })),
  ],
  ['BOOKING_PAYMENT_INITIATED', told('frontdesk.calendar_booking.payment_initiated.v1')],
  ['BOOKING_PAID', told('frontdesk.calendar_booking.paid.v1')],
  ['BOOKING_REASSIGNED', told('frontdesk.calendar_booking.reassigned.v1')],
  ['MEETING_STARTED', meeting('frontdesk.calendar_booking.meeting_started.v1')],
  ['MEETING_ENDED', meeting('frontdesk.calendar_booking.meeting_ended.v1')],
  ['RECORDING_READY', told('frontdesk.calendar_booking.recording_ready.v1')],
  ['RECORDING_TRANSCRIPTION_GENERATED', told('frontdesk.calendar_booking.transcription_generated.v1')],
  ['BOOKING_NO_SHOW_UPDATED', missed(CalendarNoShowParty.UNSPECIFIED)],
  ['AFTER_HOSTS_CAL_VIDEO_NO_SHOW', missed(CalendarNoShowParty.HOSTS)],
  ['AFTER_GUESTS_CAL_VIDEO_NO_SHOW', missed(CalendarNoShowParty.GUESTS)],
])
const anyOther = unmodelled(envelope)

/** The types whose payload is a booking and no more. */
type Told =
  `frontdesk.calendar_booking.${'payment_initiated' | 'paid' | 'reassigned' | 'meeting_started' | 'meeting_ended' | 'recording_ready' | 'transcription_generated'}.v1`

function told(type: Told): Model {
  return model(type, bookingTold, ({ payload }, source) => tellingOf(source, bookingOf(payload)))
}

/** Flat, unless a template of the host's wraps it as the others are. */
function meeting(type: Told): Model {
  const wrapped = told(type)
  const flat = model(type, bookingRow, (row, source) =>
    tellingOf(source, bookingOf({ ...row, organizer: { email: row.userPrimaryEmail } })),
  )
  return (json, source, at) => (isFlat(json) ? flat : wrapped)(json, source, at)
}

function tellingOf(source: EventSource, booking: CalendarBooking): PayloadOf<Told> {
  return { source, booking }
}

/** Whether the body is the booking itself, with no payload around it. */
export function isFlat(json: unknown): boolean {
  return (memberOf(json, 'payload') ?? undefined) === undefined
}

/** Marks are of attendees by their addresses; what is none marks nobody. */
function missed(party: CalendarNoShowParty): Model {
  return model('frontdesk.calendar_booking.no_show.v1', noShow, ({ payload }, source) => ({
    source,
    bookingUid: payload.uid ?? payload.bookingUid ?? '',
    marks: (payload.attendees ?? []).flatMap((attendee) => {
      const address = email(attendee.email)
      return address && typeof attendee.noShow === 'boolean' ? [{ email: address, noShow: attendee.noShow }] : []
    }),
    party,
  }))
}

function isAcceptedReschedule(json: unknown): boolean {
  return memberOf(json, 'payload', 'status') === 'ACCEPTED' && typeof memberOf(json, 'payload', 'rescheduleUid') === 'string'
}

function bookingOf(booking: CalcomBooking): CalendarBooking {
  return {
    uid: booking.uid,
    icalUid: booking.iCalUID ?? '',
    icalSequence: booking.iCalSequence ?? 0,
    eventTypeId: booking.eventTypeId ? String(booking.eventTypeId) : '',
    title: booking.title ?? '',
    startsAt: booking.startTime,
    endsAt: booking.endTime,
    organizerEmail: email(booking.organizer?.email) ?? '',
    organizerTimeZone: booking.organizer?.timeZone ?? '',
    attendees: (booking.attendees ?? []).map((attendee) => ({
      name: attendee.name ?? '',
      // What is no address names nobody; the booking is made all the same.
      email: email(attendee.email) ?? '',
      timeZone: attendee.timeZone ?? '',
      phoneNumber: phoneNumber(attendee.phoneNumber) ?? '',
    })),
  }
}
