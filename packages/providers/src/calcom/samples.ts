import type { JsonObject } from '../json.ts'

const createdAt = '2026-11-20T09:00:00.000Z'
const laterCreatedAt: ReadonlyMap<string, string> = new Map([
  ['BOOKING_RESCHEDULED', '2026-11-20T10:00:00.000Z'],
  ['BOOKING_CANCELLED', '2026-11-20T11:00:00.000Z'],
])
const times: JsonObject = { startTime: '2026-11-24T09:00:00Z', endTime: '2026-11-24T09:45:00Z' }
const attendees: JsonObject[] = [
  { email: 'guest@example.com', name: 'Gustav Gast', timeZone: 'Europe/Berlin', language: { locale: 'de' }, phoneNumber: '+4915112345678' },
]
const booking: JsonObject = {
  uid: 'bFJeNb2uX8ANpT3JL5EfXw',
  bookingId: 100,
  eventTypeId: 123,
  type: 'haircut',
  title: 'Haircut between Salon and Gustav Gast',
  ...times,
  status: 'ACCEPTED',
  organizer: { id: 7, name: 'Salon', email: 'salon@example.com', username: 'salon', timeZone: 'Europe/Berlin', language: { locale: 'de' } },
  attendees,
  responses: { email: { label: 'email_address', value: 'guest@example.com', isHidden: false } },
  organizationId: 3,
  iCalUID: 'bFJeNb2uX8ANpT3JL5EfXw@Cal.com',
  iCalSequence: 0,
  metadata: { videoCallUrl: 'https://meet.example.com/x' },
}

/** What each trigger's body adds to a booking. */
const additions: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  [
    'BOOKING_RESCHEDULED',
    {
      uid: 'k1RzY6vQw3MhT9cGd4LpAa',
      bookingId: 101,
      startTime: '2026-11-25T13:00:00Z',
      endTime: '2026-11-25T13:45:00Z',
      iCalSequence: 1,
      rescheduleUid: 'bFJeNb2uX8ANpT3JL5EfXw',
      rescheduleId: 100,
      rescheduleStartTime: '2026-11-24T09:00:00Z',
      rescheduleEndTime: '2026-11-24T09:45:00Z',
    },
  ],
  ['BOOKING_CANCELLED', { status: 'CANCELLED', iCalSequence: 1, cancellationReason: 'I am ill.' }],
  ['BOOKING_REJECTED', { status: 'REJECTED', rejectionReason: 'Closed that day.' }],
  ['BOOKING_REQUESTED', { status: 'PENDING' }],
  ['BOOKING_LOCATION_UPDATED', { location: 'Beispielstraße 1, Berlin' }],
  ['BOOKING_REASSIGNED', { organizer: { id: 8, name: 'Mia', email: 'mia@example.com', username: 'mia', timeZone: 'Europe/Berlin' } }],
  ['RECORDING_READY', { downloadLink: 'https://recordings.example.com/x?token=secret' }],
])

/** One booking as Cal.com tells of it with each trigger. */
export function calcomDefaults(triggerEvent: string): JsonObject {
  switch (triggerEvent) {
    case 'MEETING_STARTED':
    case 'MEETING_ENDED':
      return {
        triggerEvent,
        id: 100,
        uid: 'bFJeNb2uX8ANpT3JL5EfXw',
        userId: 7,
        userPrimaryEmail: 'salon@example.com',
        eventTypeId: 123,
        title: 'Haircut between Salon and Gustav Gast',
        ...times,
        createdAt,
        status: 'ACCEPTED',
        attendees,
      }
    case 'BOOKING_NO_SHOW_UPDATED':
      return {
        triggerEvent,
        createdAt,
        payload: {
          bookingUid: 'bFJeNb2uX8ANpT3JL5EfXw',
          bookingId: 100,
          attendees: [{ email: 'guest@example.com', noShow: true }],
          message: 'x is marked as no-show',
        },
      }
    case 'AFTER_HOSTS_CAL_VIDEO_NO_SHOW':
    case 'AFTER_GUESTS_CAL_VIDEO_NO_SHOW':
      return {
        triggerEvent,
        createdAt,
        payload: { title: booking['title'] ?? '', bookingUid: 'bFJeNb2uX8ANpT3JL5EfXw', bookingId: 100, ...times, attendees },
      }
    case 'FORM_SUBMITTED':
      return { triggerEvent, createdAt, payload: { formId: 'frm_1', formName: 'Contact', teamId: 5 }, name: 'Gustav Gast' }
    case 'PING':
      return {
        triggerEvent,
        createdAt,
        payload: {
          type: 'Test',
          title: 'Test trigger event',
          ...times,
          attendees,
          organizer: { name: 'Cal', email: 'no-reply@cal.com', timeZone: 'Europe/London' },
        },
      }
    default:
      return {
        triggerEvent,
        createdAt: laterCreatedAt.get(triggerEvent) ?? createdAt,
        payload: triggerEvent.startsWith('RECORDING_') ? recorded(triggerEvent) : { ...booking, ...additions.get(triggerEvent) },
      }
  }
}

/** A recorded booking comes without its own and its event type's ids. */
function recorded(triggerEvent: string): JsonObject {
  const { bookingId: _, eventTypeId: __, ...rest } = booking
  return { ...rest, ...additions.get(triggerEvent) }
}
