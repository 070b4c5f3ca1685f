import { z } from 'zod'
import type { Change } from '../change.ts'
import { invalidRequest, missingParameter, noSuch } from '../errors.ts'
import { newMeter, newMeterEvent } from '../objects/meter.ts'
import type { Meter } from '../objects/types.ts'
import { pageOf, pageParameters } from '../pages.ts'
import { integer, text } from '../parameters.ts'
import type { StripeRoutes } from '../routing.ts'

const pastSecondsMax = 35 * 86_400
const futureSecondsMax = 300

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
    if (meterNamed(change, name))
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
  const event = {
    event_name: z.string().min(1).max(100),
    payload: z.record(z.string(), z.string()),
    identifier: z.string().min(1).max(100).optional(),
    timestamp: integer().optional(),
  }
  add('POST', '/v1/billing/meter_events', event, ({ parameters, change }) => {
    const { event_name: name, payload, identifier = change.newId('mtrevt'), timestamp = change.now } = parameters
    const used = meterNamed(change, name)
    if (!used) throw noSuch('active meter with event name', name, 'event_name', 400)
    checkPayload(change, used, payload)
    checkTimestamp(timestamp, change.now)
    // Stripe refuses a second one, for at least a day; so a retry that is told this has succeeded before.
    if (state.meterEvents.has(identifier)) throw invalidRequest({ message: `An event already exists with identifier ${identifier}.` })
    const made = newMeterEvent({ event_name: name, payload, identifier, timestamp }, change.now)
    state.meterEvents.set(identifier, made)
    return made
  })
}

function meterNamed({ state }: Change, eventName: string): Meter | undefined {
  return [...state.meters.values()].find(({ event_name: name, status }) => name === eventName && status === 'active')
}

function checkPayload({ state }: Change, meter: Meter, payload: Readonly<Record<string, string>>): void {
  const customerKey = meter.customer_mapping.event_payload_key
  const valueKey = meter.value_settings.event_payload_key
  const customer = payload[customerKey]
  const value = payload[valueKey]
  if (customer === undefined) throw missingParameter(`payload[${customerKey}]`)
  if (!state.customers.has(customer)) throw noSuch('customer', customer, `payload[${customerKey}]`, 400)
  if (meter.default_aggregation.formula === 'count' && value === undefined) return
  if (value === undefined) throw missingParameter(`payload[${valueKey}]`)
  if (!/^-?\d{1,15}$/.test(value))
    throw invalidRequest({ message: `Invalid value: '${value}' is no whole number.`, param: `payload[${valueKey}]` })
}

function checkTimestamp(timestamp: number, now: number): void {
  if (timestamp < now - pastSecondsMax)
    throw invalidRequest({ message: 'The timestamp is more than 35 days in the past.', param: 'timestamp' })
  if (timestamp > now + futureSecondsMax)
    throw invalidRequest({ message: 'The timestamp is more than 5 minutes in the future.', param: 'timestamp' })
}
