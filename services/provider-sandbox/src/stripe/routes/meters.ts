import { z } from 'zod'
import { invalidRequest, noSuch } from '../errors.ts'
import { activeMeters, count, refusalOf } from '../metering.ts'
import { newMeter } from '../objects/meter.ts'
import { pageOf, pageParameters } from '../pages.ts'
import { integer, text } from '../parameters.ts'
import type { StripeRoutes } from '../routing.ts'

/** What an event says in either version of the API, besides its time. */
export const meterEventParameters = {
  event_name: z.string().min(1).max(100),
  payload: z.record(z.string(), z.string()),
  identifier: z.string().min(1).max(100).optional(),
}

export function registerMeters({ add, state }: StripeRoutes): void {
  const meter = {
    display_name: text().min(1),
    event_name: z.string().min(1).max(100),
    default_aggregation: z.strictObject({ formula: z.enum(['count', 'last', 'sum']) }),
    customer_mapping: z.strictObject({ event_payload_key: text(), type: z.literal('by_id') }).optional(),
    value_settings: z.strictObject({ event_payload_key: text() }).optional(),
    event_time_window: z.enum(['day', 'hour']).optional(),
  }
  add('POST', '/v1/billing/meters', meter, ({ parameters, change }) => {
    const { event_name: name } = parameters
    if (activeMeters(state).has(name))
      throw invalidRequest({ message: `An active meter already exists with event name '${name}'.`, param: 'event_name' })
    const made = newMeter(change.newId('mtr'), parameters, change.now)
    state.meters.set(made.id, made)
    change.emit('billing.meter.created', made)
    return made
  })
  add('GET', '/v1/billing/meters', { ...pageParameters, status: z.enum(['active', 'inactive']).optional() }, ({ parameters }) => {
    const found = [...state.meters.values()].filter(({ status }) => parameters.status === undefined || status === parameters.status)
    return pageOf('/v1/billing/meters', found, parameters)
  })
  add('GET', '/v1/billing/meters/:id', {}, ({ path }) => {
    const found = state.meters.get(path.id ?? '')
    if (!found) throw noSuch('meter', path.id ?? '')
    return found
  })
  add('POST', '/v1/billing/meter_events', { ...meterEventParameters, timestamp: integer().optional() }, ({ parameters, change }) => {
    const { identifier = change.newId('mtrevt'), timestamp = change.now } = parameters
    const event = { ...parameters, identifier, timestamp }
    const refusal = refusalOf(change, activeMeters(state).get(event.event_name), event)
    if (refusal) throw invalidRequest(refusal.error)
    const made = count(change, event)
    // Stripe refuses a second one, for at least a day; so a retry that is told this has succeeded before.
    if (!made) throw invalidRequest({ message: `An event already exists with identifier ${identifier}.` })
    return made
  })
}
