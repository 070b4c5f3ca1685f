import { CalendarNoShowParty } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { evidenceOf, onlyEvent, payloadOf, sourceOf, violationsOf } from '../../test/support.ts'
import { calcomWebhook, type Overrides } from '../testing.ts'
import { calcom } from './index.ts'

const connectionId = 'con_01jd3w2k7xe9qr5m8tz4vb6n0c'
const uid = 'bFJeNb2uX8ANpT3JL5EfXw'
const allEvidence = [
  `connection ${connectionId}`,
  'organizer_email salon@example.com',
  'organizer_id 7',
  'event_type 123',
  'organization 3',
]

const received = (body: Buffer | string) => onlyEvent(calcom, body, { connectionId })
const event = (trigger: string, overrides?: Overrides) => received(calcomWebhook(trigger, overrides).body)

test('a new booking tells what, when, with whom, and since when it exists', () => {
  const created = event('BOOKING_CREATED')
  expect(created).toMatchObject({ entityId: uid, occurredAt: new Date('2026-11-20T09:00:00.000Z') })
  const { source, booking } = payloadOf('frontdesk.calendar_booking.created.v1', created)
  expect(source).toMatchObject({ provider: 'calcom', entityType: 'calendar_booking', entityId: uid, entityStartedAt: created.occurredAt })
  expect(booking).toEqual({
    uid,
    icalUid: `${uid}@Cal.com`,
    icalSequence: 0,
    eventTypeId: '123',
    title: 'Haircut between Salon and Gustav Gast',
    startsAt: new Date('2026-11-24T09:00:00.000Z'),
    endsAt: new Date('2026-11-24T09:45:00.000Z'),
    organizerEmail: 'salon@example.com',
    organizerTimeZone: 'Europe/Berlin',
    attendees: [{ name: 'Gustav Gast', email: 'guest@example.com', timeZone: 'Europe/Berlin', phoneNumber: '+4915112345678' }],
  })
})

test('a rescheduled booking goes by its new uid and names the one that it replaces', () => {
  const rescheduled = event('BOOKING_RESCHEDULED')
  expect(rescheduled.entityId).toBe('k1RzY6vQw3MhT9cGd4LpAa')
  expect(payloadOf('frontdesk.calendar_booking.rescheduled.v1', rescheduled)).toMatchObject({
    source: { entityId: 'k1RzY6vQw3MhT9cGd4LpAa' },
    booking: { uid: 'k1RzY6vQw3MhT9cGd4LpAa', icalUid: `${uid}@Cal.com`, icalSequence: 1, startsAt: new Date('2026-11-25T13:00:00.000Z') },
    previousUid: uid,
    previousStartsAt: new Date('2026-11-24T09:00:00.000Z'),
    previousEndsAt: new Date('2026-11-24T09:45:00.000Z'),
  })
})

test('a cancelled booking tells why, and not when it was made', () => {
  const cancelled = event('BOOKING_CANCELLED', { payload: { metadata: undefined } })
  expect(sourceOf(cancelled)).toMatchObject({ entityId: uid, entityStartedAt: undefined })
  expect(payloadOf('frontdesk.calendar_booking.cancelled.v1', cancelled)).toMatchObject({ reason: 'I am ill.', rescheduleRequested: false })
})

test('known bug 5: a host who asks for another time is told apart from one who cancels', () => {
  const cancelled = event('BOOKING_CANCELLED', { payload: { requestReschedule: true, cancellationReason: null } })
  expect(payloadOf('frontdesk.calendar_booking.cancelled.v1', cancelled)).toMatchObject({ reason: '', rescheduleRequested: true })
})

test('known bug 4: a reschedule over the API, which comes as BOOKING_REQUESTED, is a reschedule and no new booking', () => {
  const moved = { uid: 'newUid', status: 'ACCEPTED', rescheduleUid: uid, rescheduleStartTime: '2026-11-24T09:00:00Z' }
  const rescheduled = event('BOOKING_REQUESTED', { payload: moved })
  expect(payloadOf('frontdesk.calendar_booking.rescheduled.v1', rescheduled)).toMatchObject({
    source: { providerEventType: 'BOOKING_REQUESTED', entityId: 'newUid' },
    booking: { uid: 'newUid' },
    previousUid: uid,
    previousStartsAt: new Date('2026-11-24T09:00:00.000Z'),
  })
  expect(evidenceOf(rescheduled)).toEqual(allEvidence)
})

test('a request that its host has to confirm is one, and names the booking that it would replace', () => {
  const requested = event('BOOKING_REQUESTED')
  expect(sourceOf(requested).entityStartedAt).toEqual(new Date('2026-11-20T09:00:00.000Z'))
  expect(payloadOf('frontdesk.calendar_booking.requested.v1', requested)).toMatchObject({ booking: { uid }, previousUid: '' })
  const another = event('BOOKING_REQUESTED', { payload: { uid: 'newUid', rescheduleUid: uid } })
  expect(payloadOf('frontdesk.calendar_booking.requested.v1', another)).toMatchObject({ booking: { uid: 'newUid' }, previousUid: uid })
  const accepted = event('BOOKING_REQUESTED', { payload: { status: 'ACCEPTED' } })
  expect(accepted.type).toBe('frontdesk.calendar_booking.requested.v1')
})

test('a rejected request tells why, if its host said', () => {
  const reasonOf = (payload: Overrides) =>
    payloadOf('frontdesk.calendar_booking.rejected.v1', event('BOOKING_REJECTED', { payload: { metadata: undefined, ...payload } })).reason
  expect(reasonOf({})).toBe('Closed that day.')
  expect(reasonOf({ rejectionReason: null })).toBe('')
})

test.each([
  ['BOOKING_PAYMENT_INITIATED', 'payment_initiated'],
  ['BOOKING_PAID', 'paid'],
  ['BOOKING_REASSIGNED', 'reassigned'],
  ['RECORDING_READY', 'recording_ready'],
  ['RECORDING_TRANSCRIPTION_GENERATED', 'transcription_generated'],
] as const)('%s tells its booking', (trigger, verb) => {
  const told = event(trigger)
  const { source, booking } = payloadOf(`frontdesk.calendar_booking.${verb}.v1`, told)
  expect(source).toMatchObject({ providerEventType: trigger, entityType: 'calendar_booking', entityId: uid, entityStartedAt: undefined })
  expect(booking).toMatchObject({ uid, startsAt: new Date('2026-11-24T09:00:00.000Z'), attendees: [{ email: 'guest@example.com' }] })
  expect(event(trigger, { payload: { attendees: undefined } }).type).toBe(told.type)
  expect(Buffer.from(told.body).toString()).not.toContain('secret')
})

test('a recording, which comes without ids of booking and event type, has the rest of the evidence', () => {
  expect(evidenceOf(event('RECORDING_READY'))).toEqual(allEvidence.filter((piece) => !piece.startsWith('event_type')))
})

test('a booking that takes place elsewhere tells where', () => {
  const moved = payloadOf('frontdesk.calendar_booking.location_updated.v1', event('BOOKING_LOCATION_UPDATED'))
  expect(moved).toMatchObject({ booking: { uid }, location: 'Beispielstraße 1, Berlin' })
})

test('a reassigned booking names its new host', () => {
  const { booking } = payloadOf('frontdesk.calendar_booking.reassigned.v1', event('BOOKING_REASSIGNED'))
  expect(booking?.organizerEmail).toBe('mia@example.com')
})

test('what Cal.com may leave out is empty', () => {
  const bare = event('BOOKING_CREATED', {
    payload: { iCalUID: undefined, iCalSequence: null, eventTypeId: null, title: null, organizer: undefined, attendees: [{}] },
  })
  expect(payloadOf('frontdesk.calendar_booking.created.v1', bare).booking).toMatchObject({
    icalUid: '',
    icalSequence: 0,
    eventTypeId: '',
    title: '',
    organizerEmail: '',
    attendees: [{ name: '', email: '', timeZone: '', phoneNumber: '' }],
  })
})

test('an attendee’s number comes in E.164 or not at all', () => {
  const booked = event('BOOKING_CREATED', { payload: { attendees: [{ phoneNumber: '+49 151 1234-5678' }, { phoneNumber: 'later' }] } })
  const { booking } = payloadOf('frontdesk.calendar_booking.created.v1', booked)
  expect(booking?.attendees.map(({ phoneNumber }) => phoneNumber)).toEqual(['+4915112345678', ''])
})

test('connection, organizer, event type, organization and team are evidence, the e-mail in lower case', () => {
  expect(evidenceOf(event('BOOKING_CREATED', { payload: { organizer: { email: ' Salon@Example.COM ' }, teamId: 5 } }))).toEqual([
    ...allEvidence,
    'team 5',
  ])
})

test('nothing that an attendee can type or put into a booking page’s URL is evidence', () => {
  const typed = event('BOOKING_CREATED', {
    metadata: { company_id: 'cmp_root' },
    payload: {
      metadata: { company_id: 'cmp_url' },
      responses: { company_id: { value: 'cmp_typed' }, organizer: { email: 'typed@example.com' }, teamId: 9 },
      userFieldsResponses: { teamId: 9 },
      customInputs: { organizationId: 9 },
      attendees: [{ email: 'attendee@example.com', name: 'cmp_name', teamId: 9, organizer: { id: 9 } }],
      additionalNotes: 'cmp_notes',
    },
  })
  expect(evidenceOf(typed)).toEqual(allEvidence)
})

test('a form’s answers, which stand at the root, are neither evidence nor an entity', () => {
  const submitted = event('FORM_SUBMITTED', {
    uid: 'typed',
    userId: 99,
    userPrimaryEmail: 'typed@example.com',
    organizer: { email: 'typed@example.com', id: 99 },
    eventTypeId: 99,
    organizationId: 99,
    metadata: { company_id: 'cmp_typed' },
  })
  expect(evidenceOf(submitted)).toEqual([`connection ${connectionId}`, 'team 5'])
  expect(sourceOf(submitted)).toMatchObject({ entityType: '', entityId: '' })
  expect(submitted.entityId).toBe('dlv_01jd3w2k7xe9qr5m8tz4vb6n0c')
})

test('a form’s answers take no payload’s place where there is none', () => {
  const answers = { uid: 'typed', eventTypeId: 99, teamId: 99, organizer: { id: 99 }, userId: 99 }
  const submitted = received(JSON.stringify({ triggerEvent: 'FORM_SUBMITTED', ...answers }))
  expect(evidenceOf(submitted)).toEqual([`connection ${connectionId}`])
  expect(sourceOf(submitted)).toMatchObject({ entityId: '' })
})

test.each([
  ['MEETING_STARTED', '2026-11-24T09:00:00.000Z'],
  ['MEETING_ENDED', '2026-11-24T09:45:00.000Z'],
])('%s is read flat: its createdAt is the booking’s', (trigger, occurredAt) => {
  const meeting = event(trigger)
  const type = trigger === 'MEETING_STARTED' ? 'meeting_started' : 'meeting_ended'
  expect(payloadOf(`frontdesk.calendar_booking.${type}.v1`, meeting).booking).toMatchObject({
    uid,
    eventTypeId: '123',
    startsAt: new Date('2026-11-24T09:00:00.000Z'),
    organizerEmail: 'salon@example.com',
    attendees: [{ email: 'guest@example.com' }],
  })
  expect(event(trigger, { attendees: undefined, createdAt: undefined }).type).toBe(meeting.type)
  expect(sourceOf(meeting)).toMatchObject({
    entityType: 'calendar_booking',
    entityId: uid,
    entityStartedAt: new Date('2026-11-20T09:00:00.000Z'),
    occurredAt: new Date(occurredAt),
  })
  expect(evidenceOf(meeting).toSorted()).toEqual([
    `connection ${connectionId}`,
    'event_type 123',
    'organizer_email salon@example.com',
    'organizer_id 7',
  ])
})

test('a meeting event with a payload is read from that', () => {
  const { json } = calcomWebhook('BOOKING_CREATED', { triggerEvent: 'MEETING_ENDED' })
  const meeting = received(JSON.stringify({ ...json, uid: 'root', userId: 99 }))
  expect(sourceOf(meeting)).toMatchObject({ entityId: uid, entityStartedAt: undefined, occurredAt: new Date('2026-11-24T09:45:00.000Z') })
  expect(evidenceOf(meeting)).toEqual(allEvidence)
})

test.each([
  ['AFTER_HOSTS_CAL_VIDEO_NO_SHOW', CalendarNoShowParty.HOSTS],
  ['AFTER_GUESTS_CAL_VIDEO_NO_SHOW', CalendarNoShowParty.GUESTS],
])('%s tells whom a video meeting waited for', (trigger, party) => {
  expect(payloadOf('frontdesk.calendar_booking.no_show.v1', event(trigger))).toMatchObject({ bookingUid: uid, marks: [], party })
})

test('a no-show of nobody’s booking does not fit', () => {
  expect(violationsOf(event('BOOKING_NO_SHOW_UPDATED', { payload: { bookingUid: undefined } }))).toEqual([
    'payload.bookingUid: expected string, received nothing',
  ])
})

test('a no-show, which has no organizer, is an event of its booking', () => {
  const noShow = event('BOOKING_NO_SHOW_UPDATED', {
    payload: {
      attendees: [
        { email: 'Guest@Example.com', noShow: true },
        { email: 'other@example.com', noShow: false },
        { email: 'no address', noShow: true },
        { email: 'unmarked@example.com' },
      ],
    },
  })
  expect(payloadOf('frontdesk.calendar_booking.no_show.v1', noShow)).toMatchObject({
    bookingUid: uid,
    marks: [
      { email: 'guest@example.com', noShow: true },
      { email: 'other@example.com', noShow: false },
    ],
    party: CalendarNoShowParty.UNSPECIFIED,
  })
  expect(sourceOf(noShow)).toMatchObject({ entityType: 'calendar_booking', entityId: uid })
  expect(evidenceOf(noShow)).toEqual([`connection ${connectionId}`])
})

test('known bug 6: the test button’s PING is kept, and its invented host is no evidence', () => {
  const ping = event('PING')
  expect(violationsOf(ping)).toEqual([])
  expect(evidenceOf(ping)).toEqual([`connection ${connectionId}`])
})

test.each([
  'INSTANT_MEETING',
  'INSTANT_MEETING_ACCEPTED',
  'OOO_CREATED',
  'WRONG_ASSIGNMENT_REPORT',
  'DELEGATION_CREDENTIAL_ERROR',
  'A_FUTURE_TRIGGER',
])('%s is kept with its evidence', (trigger) => {
  expect(violationsOf(event(trigger))).toEqual([])
  expect(evidenceOf(event(trigger))).toEqual(allEvidence)
})

test.each([
  ['{}', ['triggerEvent: expected string, received nothing']],
  ['false', ['(body): expected object, received boolean']],
  ['42', ['(body): expected object, received number']],
  ['{"triggerEvent":"BOOKING CREATED"}', ['triggerEvent: expected a name of up to 64 letters, digits, or _ . -, received string']],
  [
    '{"triggerEvent":"BOOKING_CREATED"}',
    ['createdAt: expected an RFC 3339 time with its offset, received nothing', 'payload: expected object, received nothing'],
  ],
  ['', ['(body): expected JSON in UTF-8']],
  ['name=Gustav&start=2026-11-24', ['(body): expected JSON in UTF-8']],
  ['{{payload.title}}', ['(body): expected JSON in UTF-8']],
])('known bug 6: the verified body %j, of a template or of none, is kept with what does not fit', (body, violations) => {
  expect(violationsOf(received(body))).toEqual(violations)
})

test('wrong types in a booking are named by their paths, never by their values', () => {
  const drifted = event('BOOKING_CREATED', {
    payload: { startTime: 'tomorrow', endTime: 1_795_165_200, iCalSequence: -1, organizer: 'salon@example.com', attendees: [{ name: 7 }] },
  })
  expect(violationsOf(drifted)).toEqual([
    'payload.iCalSequence: expected at least 0, received number',
    'payload.startTime: expected an RFC 3339 time with its offset, received string',
    'payload.endTime: expected an RFC 3339 time with its offset, received number',
    'payload.organizer: expected object, received string',
    'payload.attendees.0.name: expected string, received number',
  ])
  expect(sourceOf(drifted)).toMatchObject({ entityId: uid })
  expect(evidenceOf(drifted)).toEqual([`connection ${connectionId}`, 'event_type 123', 'organization 3'])
})

test('a booking that does not end after it starts does not fit', () => {
  const backwards = event('BOOKING_CREATED', { payload: { endTime: '2026-11-24T09:00:00Z' } })
  expect(violationsOf(backwards)).toEqual(['payload.endTime: expected a time after startTime, received string'])
})

// Longer than its limit by one byte, or exactly as long; 'İ' has two bytes and three in lower case.
test.each([
  ['iCalUID', { iCalUID: '\u00fc'.repeat(127) + 'x' }, { iCalUID: '\u00fc'.repeat(128) }, 255],
  ['title', { title: '\u6d17'.repeat(666) + 'xx' }, { title: '\u6d17'.repeat(667) }, 2_000],
  ['organizer.email', { organizer: { email: '\u0130'.repeat(106) + 'xx' } }, { organizer: { email: '\u0130'.repeat(107) } }, 320],
  ['attendees.0.email', { attendees: [{ email: `${'\u00fc'.repeat(158)}@a.b` }] }, { attendees: [{ email: '\u00fc'.repeat(161) }] }, 320],
  ['attendees.0.name', { attendees: [{ name: '\u{1f488}'.repeat(255) }] }, { attendees: [{ name: '\u{1f488}'.repeat(256) }] }, 1_020],
])('%s is bounded by its bytes of UTF-8', (path, fits, tooLong, bytesMax) => {
  expect(event('BOOKING_CREATED', { payload: fits }).type).toBe('frontdesk.calendar_booking.created.v1')
  expect(violationsOf(event('BOOKING_CREATED', { payload: tooLong }))).toEqual([
    `payload.${path}: expected at most ${bytesMax} bytes, received string`,
  ])
})

test('the whole of a UNSIGNED INT is a sequence, and the whole of 1970 to 9999 is a time', () => {
  const created = (payload: Overrides) => event('BOOKING_CREATED', { payload })
  expect(created({ iCalSequence: 4_294_967_295, startTime: '1970-01-01T00:00:00Z', endTime: '9999-12-31T23:59:59.999Z' }).type).toBe(
    'frontdesk.calendar_booking.created.v1',
  )
  expect(violationsOf(created({ iCalSequence: 4_294_967_296 }))).toHaveLength(1)
  expect(violationsOf(created({ iCalSequence: 1.5 }))).toHaveLength(1)
  expect(violationsOf(created({ startTime: '1969-12-31T23:59:59.999Z' }))).toHaveLength(1)
  expect(violationsOf(created({ endTime: '9999-12-31T23:59:59-00:01' }))).toHaveLength(1)
})

test('fields that we do not know change nothing', () => {
  expect(event('BOOKING_CREATED', { extra: 1, payload: { assignmentReason: [1] } }).body).toEqual(event('BOOKING_CREATED').body)
})

test('a guest’s address is one however it was typed, and what is none names nobody', () => {
  const guest = (email: string) => {
    const attendees = [{ name: 'Gustav', email, timeZone: 'UTC' }]
    return payloadOf('frontdesk.calendar_booking.created.v1', event('BOOKING_CREATED', { payload: { attendees } })).booking?.attendees[0]
      ?.email
  }
  expect(guest(' Pad@Example.com ')).toBe('pad@example.com')
  for (const none of ['not an address\r\nX: y', 'ä@example.com', 'a@b@c', '']) expect(guest(none)).toBe('')
})
