import { type CalendarBooking, EvidenceKind } from '@frontdesk/contracts'
import { collectEvidence, email, phoneNumber } from '../evidence.ts'
import { memberOf, parseJson } from '../json.ts'
import { type Facts, type Model, model, normalizedEvent, unmodelled } from '../normalized-event.ts'
import type { Delivery, NormalizedEvent } from '../provider.ts'
import { identifier, instant, kindName, readAs } from '../schema.ts'
import { bookingCancelled, bookingCreated, bookingRescheduled, type CalcomBooking, envelope } from './schema.ts'

const models: ReadonlyMap<string, Model> = new Map([
  [
    'BOOKING_CREATED',
    model('frontdesk.calendar_booking.created.v1', bookingCreated, ({ payload }, source) => ({ source, booking: bookingOf(payload) })),
  ],
  [
    'BOOKING_RESCHEDULED',
    model('frontdesk.calendar_booking.rescheduled.v1', bookingRescheduled, ({ payload }, source) => ({
      source,
      booking: bookingOf(payload),
      previousUid: payload.rescheduleUid,
      previousStartsAt: payload.rescheduleStartTime ?? undefined,
      previousEndsAt: payload.rescheduleEndTime ?? undefined,
    })),
  ],
  [
    'BOOKING_CANCELLED',
    model('frontdesk.calendar_booking.cancelled.v1', bookingCancelled, ({ payload }, source) => ({
      source,
      booking: bookingOf(payload),
      reason: payload.cancellationReason ?? '',
      rescheduleRequested: payload.requestReschedule ?? false,
    })),
  ],
])
const anyOther = unmodelled(envelope)

/** The one event that a Cal.com webhook tells of. */
export function normalizeCalcom(rawBody: Buffer, delivery: Delivery): NormalizedEvent[] {
  const json = parseJson(rawBody)
  const facts = factsOf(json, delivery)
  return [normalizedEvent('calcom', { rawBody, json, delivery, facts, model: models.get(facts.kind) ?? anyOther })]
}

function factsOf(json: unknown, { connectionId }: Delivery): Facts {
  const kind = readAs(kindName, memberOf(json, 'triggerEvent')) ?? ''
  const meeting = kind === 'MEETING_STARTED' || kind === 'MEETING_ENDED'
  // Only these are flat; in others the root can hold a form's answers, which are no evidence.
  const payload = memberOf(json, 'payload') ?? undefined
  const flat = meeting && payload === undefined
  const subject = flat ? json : payload
  const uid = readAs(identifier, memberOf(subject, 'uid')) ?? readAs(identifier, memberOf(subject, 'bookingUid'))
  const createdAt = readAs(instant, memberOf(json, 'createdAt'))
  const endsAt = readAs(instant, memberOf(subject, 'endTime'))
  const startsBooking = kind === 'BOOKING_CREATED' || kind === 'BOOKING_RESCHEDULED' || flat
  const keyTime = meeting ? endsAt : createdAt
  return {
    kind,
    dedupeKey: uid !== undefined && keyTime ? [uid, keyTime.toISOString()] : undefined,
    entity: uid === undefined ? undefined : { type: 'calendar_booking', id: uid, startedAt: startsBooking ? createdAt : undefined },
    occurredAt: meeting ? (kind === 'MEETING_ENDED' ? endsAt : readAs(instant, memberOf(subject, 'startTime'))) : createdAt,
    evidence: collectEvidence([
      [EvidenceKind.CONNECTION, connectionId],
      // The test button sends an invented booking of an invented host.
      ...(kind === 'PING' ? [] : namedBy(subject)),
      ...(flat ? hostOfRow(json) : []),
    ]),
  }
}

/**
 * What Cal.com itself says of whose booking it is. Not `responses`, and not `metadata` either:
 * whoever opens a booking page can set that in its URL.
 */
function namedBy(subject: unknown): Parameters<typeof collectEvidence>[0] {
  return [
    [EvidenceKind.ORGANIZER_EMAIL, memberOf(subject, 'organizer', 'email')],
    [EvidenceKind.ORGANIZER_ID, memberOf(subject, 'organizer', 'id')],
    [EvidenceKind.EVENT_TYPE, memberOf(subject, 'eventTypeId')],
    [EvidenceKind.ORGANIZATION, memberOf(subject, 'organizationId')],
    [EvidenceKind.TEAM, memberOf(subject, 'teamId')],
  ]
}

/** A flat event is the booking's row in Cal.com's database, which names its host otherwise. */
function hostOfRow(row: unknown): Parameters<typeof collectEvidence>[0] {
  return [
    [EvidenceKind.ORGANIZER_EMAIL, memberOf(row, 'userPrimaryEmail')],
    [EvidenceKind.ORGANIZER_ID, memberOf(row, 'userId')],
  ]
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
    attendees: booking.attendees.map((attendee) => ({
      name: attendee.name ?? '',
      // What is no address names nobody; the booking is made all the same.
      email: email(attendee.email) ?? '',
      timeZone: attendee.timeZone ?? '',
      phoneNumber: phoneNumber(attendee.phoneNumber) ?? '',
    })),
  }
}
