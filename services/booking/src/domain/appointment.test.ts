import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Appointment, type AppointmentChange, changeAppointment, mergeAppointments, openAppointment } from './appointment.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute))

function change(
  kind: 'created' | 'rescheduled' | 'cancelled',
  minute: number,
  overrides: Partial<AppointmentChange> = {},
): AppointmentChange {
  const times = { startsAt: at(minute + 100), endsAt: at(minute + 130) }
  return {
    origin: 'calendar_booking',
    originId: `uid-${minute}`,
    title: 'Cut',
    state: kind === 'cancelled' ? { status: 'cancelled', ...times, reason: 'ill' } : { status: 'confirmed', ...times },
    order: { occurredAt: at(minute), sequence: minute, rank: { created: 0, rescheduled: 1, cancelled: 2 }[kind], revision: 1 },
    ...overrides,
  }
}

function fold(changes: readonly AppointmentChange[]): Appointment {
  const [first, ...rest] = changes as [AppointmentChange, ...AppointmentChange[]]
  let current = openAppointment('apt_1', undefined, first).appointment
  for (const next of rest) current = changeAppointment(current, undefined, next).appointment
  return current
}

test('a first change is told by what it makes', () => {
  expect(openAppointment('apt_1', 'cust_1', change('created', 0)).event).toMatchObject({ type: 'confirmed', appointment: { version: 1 } })
  expect(openAppointment('apt_1', 'cust_1', change('cancelled', 0)).event).toMatchObject({ type: 'cancelled', reason: 'ill' })
})

test('another time is a reschedule that names the time before', () => {
  const { appointment } = openAppointment('apt_1', 'cust_1', change('created', 0))
  const { event } = changeAppointment(appointment, 'cust_1', change('rescheduled', 5))
  expect(event).toMatchObject({ type: 'rescheduled', previousStartsAt: at(100), appointment: { version: 2, originId: 'uid-5' } })
})

test('the same time again is told to nobody', () => {
  const { appointment } = openAppointment('apt_1', 'cust_1', change('created', 0))
  const { state } = appointment
  expect(changeAppointment(appointment, 'cust_1', change('rescheduled', 5, { state })).event).toBeUndefined()
})

test('a cancellation that comes a second time is told once, and the version stands still', () => {
  const { appointment } = openAppointment('apt_1', undefined, change('cancelled', 1))
  const { state } = appointment
  const again = changeAppointment(appointment, undefined, change('cancelled', 2, { state }))
  expect(again).toMatchObject({ event: undefined, appointment: { version: 1, order: { occurredAt: at(2) } } })
})

test('a raised revision of the same event amends what the earlier one did', () => {
  const first = change('created', 0)
  const { appointment } = openAppointment('apt_1', undefined, first)
  const amended = change('created', 0, { title: 'Colour', order: { ...first.order, revision: 2 } })
  expect(changeAppointment(appointment, undefined, amended).appointment.title).toBe('Colour')
})

test('who the customer is does not hang on the order of arrival', () => {
  const [created, cancelled] = [change('created', 0), change('cancelled', 1)]
  const late = changeAppointment(openAppointment('apt_1', undefined, cancelled).appointment, 'cust_1', created)
  expect(late).toMatchObject({ event: undefined, appointment: { customerId: 'cust_1', state: { status: 'cancelled' } } })
  const kept = openAppointment('apt_2', undefined, cancelled).appointment
  expect(mergeAppointments(openAppointment('apt_1', 'cust_1', created).appointment, kept).kept.customerId).toBe('cust_1')
})

test('an earlier change that arrives late changes nothing and is told to nobody', () => {
  const { appointment } = openAppointment('apt_1', 'cust_1', change('cancelled', 5))
  expect(changeAppointment(appointment, 'cust_1', change('created', 0))).toEqual({ appointment, event: undefined })
})

test('at the same time and sequence an end outranks a beginning', () => {
  const order = { occurredAt: at(0), sequence: 0, revision: 1 }
  const ended = change('cancelled', 0, { order: { ...order, rank: 2 } })
  const begun = change('created', 0, { order: { ...order, rank: 0 } })
  expect(fold([begun, ended]).state.status).toBe('cancelled')
  expect(fold([ended, begun]).state.status).toBe('cancelled')
})

test('a booking after a host’s request to reschedule is confirmed again', () => {
  const reopened = fold([change('created', 0), change('cancelled', 1), change('rescheduled', 2)])
  expect(reopened.state).toMatchObject({ status: 'confirmed', startsAt: at(102) })
})

test('a wish that the call’s analysis repeats does not undo what the call booked, in either order', () => {
  const booked = change('created', 0, { origin: 'call' })
  const wish = change('created', 5, { origin: 'call', state: { status: 'requested', startsAt: at(100), preferredStartText: 'at ten' } })
  expect(fold([booked, wish]).state).toEqual(booked.state)
  expect(fold([wish, booked]).state).toEqual(booked.state)
})

test('every order and multiplicity of arrival ends in the same state', () => {
  const life = [change('created', 0), change('rescheduled', 3), change('cancelled', 4), change('rescheduled', 6)]
  const expected = fold(life)
  fc.assert(
    fc.property(fc.shuffledSubarray(life, { minLength: life.length }), fc.array(fc.constantFrom(...life)), (shuffled, again) => {
      const { state, order, originId } = fold([...shuffled, ...again])
      expect({ state, order, originId }).toEqual({ state: expected.state, order: expected.order, originId: expected.originId })
    }),
  )
})

test('of two that turn out to be one, the later stays and the other is told to be cancelled', () => {
  const earlier = openAppointment('apt_1', undefined, change('created', 0)).appointment
  const later = openAppointment('apt_2', undefined, change('rescheduled', 5)).appointment
  for (const merged of [mergeAppointments(earlier, later), mergeAppointments(later, earlier)]) {
    expect(merged).toMatchObject({ kept: later, absorbed: earlier, event: { type: 'cancelled', reason: 'merged into apt_2' } })
  }
})
