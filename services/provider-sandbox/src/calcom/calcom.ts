import type { FastifyRequest } from 'fastify'
import type { Clock } from '../shared/clock.ts'
import { randomText } from '../shared/ids.ts'
import { jsonOrText } from '../shared/json.ts'
import type { ProviderApi } from '../shared/provider-server.ts'
import { sameText } from '../shared/same-text.ts'
import { type Booking, cancelled, newBooking, rescheduled } from './booking.ts'
import { badRequest, calcomFailures, notFound, unauthorized } from './errors.ts'
import { bookingSchema, cancelSchema, jsonOf, parsed, rescheduleSchema, slotsSchema } from './request.ts'
import { freeSlots, isFree, isOpen } from './slots.ts'

/** Everything that Cal.com remembers. */
export interface CalcomState {
  /** By uid. */
  readonly bookings: Map<string, Booking>
  /** The minutes of an event type; while there are none, every event type exists and takes 30. */
  readonly eventTypes: Map<string, number>
}

/** The emulated Cal.com API v2. */
export interface CalcomSandbox {
  readonly api: ProviderApi
  readonly state: CalcomState
}

export interface CalcomSandboxOptions {
  readonly apiKey: string
  readonly now: Clock
}

const slotsVersion = '2024-09-04'
const bookingsVersion = '2026-02-25'
const defaultMinutes = 30

export function createCalcomSandbox({ apiKey, now }: CalcomSandboxOptions): CalcomSandbox {
  const state: CalcomState = { bookings: new Map(), eventTypes: new Map() }
  const newIds = () => ({ id: 1_000 + state.bookings.size, uid: randomText(22) })

  const minutesOf = (eventTypeId: number): number => {
    const minutes = state.eventTypes.get(String(eventTypeId))
    if (minutes === undefined && state.eventTypes.size > 0) throw notFound(`Event type with id ${eventTypeId} not found`)
    return minutes ?? defaultMinutes
  }
  const bookingOf = (uid: string): Booking => {
    const booking = state.bookings.get(uid)
    if (!booking) throw notFound(`Booking with uid=${uid} was not found in the database`)
    return booking
  }
  const acceptedOf = (uid: string, verb: string): Booking => {
    const booking = bookingOf(uid)
    if (booking.status === 'cancelled') throw badRequest(`Can't ${verb} booking with uid=${uid} because it has been cancelled already.`)
    return booking
  }
  /** The calendar has one host, so a time is taken whatever the event type. */
  const checkTime = (start: Date, minutes: number, except?: string): void => {
    if (start <= now()) throw badRequest('Attempting to book a meeting in the past.')
    const others = [...state.bookings.values()].filter(({ uid }) => uid !== except)
    if (isOpen(start, minutes) && isFree(others, start, minutes)) return
    throw badRequest('User either already has booking at this time or is not available')
  }
  const success = (data: unknown) => ({ status: 'success', data })

  return {
    state,
    api: {
      name: 'calcom',
      failures: calcomFailures,
      parseBody: (body) => jsonOrText(body),
      register(server) {
        server.addHook('preHandler', async (request) => authorize(request, apiKey))
        server.get('/v2/slots', { preHandler: versioned(slotsVersion) }, ({ query }) => {
          const { eventTypeId, start, end, timeZone, duration } = parsed(slotsSchema, query)
          const range = { from: start, to: end, now: now() }
          return success(freeSlots(state.bookings.values(), range, duration ?? minutesOf(eventTypeId), timeZone))
        })
        const options = { preHandler: versioned(bookingsVersion) }
        server.post('/v2/bookings', options, ({ body }, reply) => {
          const { lengthInMinutes, ...wanted } = parsed(bookingSchema, jsonOf(body))
          const minutes = lengthInMinutes ?? minutesOf(wanted.eventTypeId)
          checkTime(wanted.start, minutes)
          const booking = newBooking({ ...wanted, ...newIds(), minutes }, now())
          state.bookings.set(booking.uid, booking)
          return reply.code(201).send(success(booking))
        })
        server.get<ByUid>('/v2/bookings/:uid', options, ({ params }) => success(bookingOf(params.uid)))
        server.post<ByUid>('/v2/bookings/:uid/reschedule', options, ({ params, body }, reply) => {
          const { start, rescheduledBy: by, reschedulingReason: reason } = parsed(rescheduleSchema, jsonOf(body))
          const booking = acceptedOf(params.uid, 'reschedule')
          checkTime(start, booking.duration, booking.uid)
          const { before, after } = rescheduled(booking, { start, by, reason }, newIds(), now())
          state.bookings.set(before.uid, before)
          state.bookings.set(after.uid, after)
          return reply.code(201).send(success(after))
        })
        server.post<ByUid>('/v2/bookings/:uid/cancel', options, ({ params, body }) => {
          const { cancellationReason } = parsed(cancelSchema, jsonOf(body))
          const booking = cancelled(acceptedOf(params.uid, 'cancel'), cancellationReason, now())
          state.bookings.set(booking.uid, booking)
          return success(booking)
        })
      },
    },
  }
}

interface ByUid {
  readonly Params: { readonly uid: string }
}

function authorize({ headers }: FastifyRequest, apiKey: string): void {
  const [scheme, key = ''] = (headers.authorization ?? '').split(' ', 2)
  if (scheme?.toLowerCase() !== 'bearer' || !sameText(key, apiKey)) throw unauthorized('Invalid API Key')
}

/** Each endpoint is there under its version alone: with another one, Cal.com routes to another endpoint. */
function versioned(version: string) {
  return async (request: FastifyRequest): Promise<void> => {
    if (request.headers['cal-api-version'] !== version) throw calcomFailures.notFound(request.method, request.url)
  }
}
