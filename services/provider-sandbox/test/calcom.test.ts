import { expect, test } from 'vitest'
import { type Harness, secrets, startHarness } from './harness.ts'

interface Answer {
  readonly status: number
  readonly body: { status: string; data: Record<string, unknown> & { uid: string }; error?: { code: string; message: string } }
}

async function call(
  { calcomUrl }: Harness,
  method: string,
  path: string,
  options: { version?: string; body?: object; key?: string } = {},
): Promise<Answer> {
  const { version = '2026-02-25', key = secrets.CALCOM_API_KEY } = options
  const response = await fetch(calcomUrl + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'cal-api-version': version },
    ...(options.body && { body: JSON.stringify(options.body) }),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const slots = (harness: Harness, query: string) => call(harness, 'GET', `/v2/slots?eventTypeId=7&${query}`, { version: '2024-09-04' })
const attendee = { name: 'Ada', email: 'ada@example.com', timeZone: 'Europe/Berlin' }
const book = (harness: Harness, start: string, more: object = {}) =>
  call(harness, 'POST', '/v2/bookings', { body: { eventTypeId: 7, start, attendee, metadata: { company_id: 'cmp_1' }, ...more } })

test('a time that is booked is no longer free, and is again once cancelled', async () => {
  await using harness = await startHarness()
  const free = async () => (await slots(harness, 'start=2026-11-03&end=2026-11-03')).body.data['2026-11-03'] as { start: string }[]
  expect(await free()).toHaveLength(16)
  const booked = await book(harness, '2026-11-03T10:00:00Z')
  expect(booked).toMatchObject({
    status: 201,
    body: {
      status: 'success',
      data: {
        status: 'accepted',
        start: '2026-11-03T10:00:00.000Z',
        end: '2026-11-03T10:30:00.000Z',
        duration: 30,
        attendees: [attendee],
        metadata: { company_id: 'cmp_1' },
      },
    },
  })
  expect((await free()).map(({ start }) => start)).not.toContain('2026-11-03T10:00:00.000Z')
  expect(await book(harness, '2026-11-03T10:15:00Z')).toMatchObject({ status: 400, body: { error: { code: 'BadRequestException' } } })
  const { uid } = booked.body.data
  const cancelled = await call(harness, 'POST', `/v2/bookings/${uid}/cancel`, { body: { cancellationReason: 'ill' } })
  expect(cancelled).toMatchObject({ status: 200, body: { data: { uid, status: 'cancelled', cancellationReason: 'ill' } } })
  expect(await free()).toHaveLength(16)
  expect(await call(harness, 'POST', `/v2/bookings/${uid}/cancel`)).toMatchObject({ status: 400 })
  expect(await call(harness, 'POST', `/v2/bookings/${uid}/reschedule`, { body: { start: '2026-11-03T11:00:00Z' } })).toMatchObject({
    status: 400,
  })
})

test('rescheduling makes a booking of another uid in the same calendar entry, and the two name each other', async () => {
  await using harness = await startHarness()
  const old = (await book(harness, '2026-11-03T10:00:00Z')).body.data
  const moved = await call(harness, 'POST', `/v2/bookings/${old.uid}/reschedule`, {
    body: { start: '2026-11-03T10:15:00Z', rescheduledBy: 'ada@example.com', reschedulingReason: 'late' },
  })
  expect(moved).toMatchObject({
    status: 201,
    body: { data: { start: '2026-11-03T10:15:00.000Z', rescheduledFromUid: old.uid, icsUid: old['icsUid'] } },
  })
  const { uid } = moved.body.data
  expect(uid).not.toBe(old.uid)
  expect((await call(harness, 'GET', `/v2/bookings/${old.uid}`)).body.data).toMatchObject({ status: 'cancelled', rescheduledToUid: uid })
  expect((await call(harness, 'GET', `/v2/bookings/${uid}`)).body.data).toMatchObject({ status: 'accepted', reschedulingReason: 'late' })
  const { bookings } = await harness.control<{ bookings: object[] }>('GET', '/state/calcom')
  expect(bookings).toMatchObject([{ uid: old.uid }, { uid }])
})

test('slots are grouped and written in the time zone that was asked for, over a change of the clocks too', async () => {
  await using harness = await startHarness()
  const winter = await slots(harness, 'start=2026-11-03T09:00:00Z&end=2026-11-03T10:00:00Z&timeZone=America/New_York')
  expect(winter.body.data).toEqual({
    '2026-11-03': [{ start: '2026-11-03T04:00:00.000-05:00' }, { start: '2026-11-03T04:30:00.000-05:00' }],
  })
  const summer = await slots(harness, 'start=2027-07-01T09:00:00Z&end=2027-07-01T09:30:00Z&timeZone=Asia/Kolkata')
  expect(summer.body.data).toEqual({ '2027-07-01': [{ start: '2027-07-01T14:30:00.000+05:30' }] })
})

test('nothing is free at weekends, at night, or before now', async () => {
  await using harness = await startHarness()
  expect((await slots(harness, 'start=2026-11-07&end=2026-11-08')).body.data).toEqual({})
  const today = (await slots(harness, 'start=2026-11-02&end=2026-11-02')).body.data['2026-11-02'] as { start: string }[]
  expect(today[0]).toEqual({ start: '2026-11-02T09:30:00.000Z' })
  expect(await book(harness, '2026-11-01T10:00:00Z')).toMatchObject({ status: 400 })
  expect(await book(harness, '2026-11-03T16:45:00Z')).toMatchObject({ status: 400 })
})

test('once event types are registered, only they exist, with their length', async () => {
  await using harness = await startHarness()
  await harness.control('PUT', '/calcom/event-types', { eventTypeId: 8, minutes: 60 })
  expect(await book(harness, '2026-11-03T10:00:00Z')).toMatchObject({ status: 404, body: { error: { code: 'NotFoundException' } } })
  expect((await book(harness, '2026-11-03T10:00:00Z', { eventTypeId: 8 })).body.data).toMatchObject({ duration: 60 })
})

test.each([
  ['another key', 'GET', '/v2/bookings/x', { key: 'cal_other' }, 401],
  ['another version', 'POST', '/v2/bookings', { version: '2024-08-13' }, 404],
  ['the version of another endpoint', 'GET', '/v2/slots', { version: '2026-02-25' }, 404],
  ['an unknown booking', 'GET', '/v2/bookings/x', {}, 404],
  ['an unknown path', 'GET', '/v2/teams', {}, 404],
  ['a body that lacks everything', 'POST', '/v2/bookings', {}, 400],
  [
    'a time zone that is none',
    'POST',
    '/v2/bookings',
    { body: { eventTypeId: 7, start: '2026-11-03T10:00:00Z', attendee: { ...attendee, timeZone: 'Mars/Base' } } },
    400,
  ],
] as const)('%s is refused in Cal.com’s shape', async (_what, method, path, options, status) => {
  await using harness = await startHarness()
  expect(await call(harness, method, path, options)).toMatchObject({
    status,
    body: { status: 'error', error: { message: expect.any(String) } },
  })
})

test('faults have Cal.com’s shape, too', async () => {
  await using harness = await startHarness()
  await harness.control('PUT', '/faults', { provider: 'calcom', kind: 'rate_limited', times: 1 })
  expect(await slots(harness, 'start=2026-11-03&end=2026-11-03')).toMatchObject({ status: 429, body: { status: 'error' } })
  await harness.control('PUT', '/faults', { provider: 'calcom', kind: 'error_after', times: 1 })
  expect(await book(harness, '2026-11-03T10:00:00Z')).toMatchObject({ status: 500, body: { status: 'error' } })
  expect(await book(harness, '2026-11-03T10:00:00Z')).toMatchObject({ status: 400 })
})
