import { CalendarBookingCreated, CalendarBookingCancelled, CallAnalyzed, EventSource } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { onBookingCancelled, onBookingCreated, onBookingRescheduled } from './calendar-booking.ts'
import { onCallAnalyzed } from './call-analyzed.ts'

const occurredAt = new Date('2026-01-01T10:00:00Z')
const startsAt = new Date('2026-01-02T10:00:00Z')
const endsAt = new Date('2026-01-02T10:30:00Z')
const booking = {
  uid: 'uid-1',
  icalUid: 'series@cal.com',
  icalSequence: 3,
  title: 'Cut',
  startsAt,
  endsAt,
  attendees: [{ name: 'Ada', email: 'Ada@Example.com', phoneNumber: '+4930123' }],
}
const created = (overrides: object = {}) =>
  CalendarBookingCreated.fromPartial({ source: { occurredAt }, booking: { ...booking, ...overrides } })

test('a booking names its series and its guest, whose typed number is no identity', () => {
  expect(onBookingCreated(created(), 1)).toMatchObject({
    originId: 'uid-1',
    state: { status: 'confirmed', startsAt, endsAt },
    order: { occurredAt, sequence: 3, rank: 0, revision: 1 },
    references: [
      { kind: 'calendar_booking', value: 'uid-1' },
      { kind: 'calendar_series', value: 'series@cal.com' },
    ],
    contact: { identity: { kind: 'email', value: 'ada@example.com' }, phoneNumber: '+4930123' },
  })
})

test('a reschedule also answers to the uid before', () => {
  const moved = { ...created(), previousUid: 'uid-0', previousStartsAt: undefined, previousEndsAt: undefined }
  const { references, order } = onBookingRescheduled(moved, 1)
  expect(references).toContainEqual({ kind: 'calendar_booking', value: 'uid-0' })
  expect(order.rank).toBe(1)
})

test('a host’s request for another time is a cancellation that says so', () => {
  const cancelled = CalendarBookingCancelled.fromPartial({ source: { occurredAt }, booking, rescheduleRequested: true })
  expect(onBookingCancelled(cancelled, 1).state).toEqual({
    status: 'cancelled',
    startsAt,
    endsAt,
    reason: 'the host asked for another time',
  })
  expect(onBookingCancelled({ ...cancelled, reason: 'ill' }, 1).state).toMatchObject({ reason: 'ill' })
})

test('a guest without an address makes an appointment without a customer', () => {
  expect(onBookingCreated(created({ attendees: [] }), 1).contact).toBeUndefined()
})

test('an event that is dated ahead of its receipt counts from its receipt', () => {
  const receivedAt = new Date('2026-01-01T10:00:00Z')
  const at = (ahead: string) =>
    onBookingCreated({ ...created(), source: EventSource.fromPartial({ occurredAt: new Date(ahead), receivedAt }) }, 1)
  expect(at('9999-12-31T23:59:59Z')).toMatchObject({ order: { occurredAt: receivedAt }, contact: { at: receivedAt } })
  expect(at('2026-01-01T10:04:00Z').order.occurredAt).toEqual(new Date('2026-01-01T10:04:00Z'))
})

test('a name that no column holds is left out, and the appointment is made', () => {
  const long = 'ü'.repeat(200)
  const { references, contact } = onBookingCreated(created({ icalUid: long, attendees: [{ email: `${long}@x.de` }] }), 1)
  expect(references).toEqual([{ kind: 'calendar_booking', value: 'uid-1' }])
  expect(contact).toBeUndefined()
})

test('a booking without uid, time or source can never succeed and says so', () => {
  for (const broken of [
    created({ uid: '' }),
    created({ uid: 'ü'.repeat(200) }),
    created({ startsAt: undefined }),
    CalendarBookingCreated.fromPartial({ booking }),
  ]) {
    expect(() => onBookingCreated(broken, 1)).toThrow(expect.objectContaining({ code: 'invalid_argument', retryable: false }))
  }
})

const analyzed = (overrides: object = {}) =>
  CallAnalyzed.fromPartial({
    source: { occurredAt },
    call: { callId: 'call-1', direction: 'CALL_DIRECTION_INBOUND', fromNumber: '+4930111', toNumber: '+4930222' },
    appointmentRequest: { customerName: 'Ada', offering: 'Cut', preferredStart: startsAt, preferredStartText: 'tomorrow at ten' },
    ...overrides,
  })

test('a call that asks for an appointment becomes a request by the number that called', () => {
  expect(onCallAnalyzed(analyzed(), 1)).toMatchObject({
    origin: 'call',
    originId: 'call-1',
    title: 'Cut',
    state: { status: 'requested', startsAt, preferredStartText: 'tomorrow at ten' },
    contact: { identity: { kind: 'caller_number', value: '+4930111' }, name: 'Ada' },
  })
})

test('on an outbound call the customer is whom we called, and a web call has nobody', () => {
  const call = { callId: 'call-1', fromNumber: '+4930111', toNumber: '+4930222' }
  expect(onCallAnalyzed(analyzed({ call: { ...call, direction: 'CALL_DIRECTION_OUTBOUND' } }), 1)?.contact?.phoneNumber).toBe('+4930222')
  expect(onCallAnalyzed(analyzed({ call: { callId: 'call-1', direction: 'CALL_DIRECTION_WEB' } }), 1)?.contact).toBeUndefined()
})

test('a call that asks for nothing changes nothing', () => {
  expect(onCallAnalyzed(analyzed({ appointmentRequest: undefined }), 1)).toBeUndefined()
})

test('a call without an id can never succeed and says so', () => {
  expect(() => onCallAnalyzed(analyzed({ call: undefined }), 1)).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
})
