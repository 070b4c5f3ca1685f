import type { Change } from './change.ts'
import { absenceOf, type ErrorDetails, lackOf } from './errors.ts'
import { errorReport, type RefusalCode } from './objects/error-report.ts'
import { type MeterEventDetails, newMeterEvent } from './objects/meter.ts'
import type { Meter, MeterEvent } from './objects/types.ts'
import type { StripeState } from './state.ts'

// Usage on its way to a meter, one event at a time or a stream of them.

/** Why an event is not counted: as v1 answers it, and as an error report calls it. */
export interface Refusal {
  readonly code: RefusalCode
  readonly error: ErrorDetails
}

const pastSecondsMax = 35 * 86_400
const futureSecondsMax = 300

/** By their event's name; made once a request, since a stream looks up a hundred. */
export function activeMeters({ meters }: StripeState): ReadonlyMap<string, Meter> {
  const active = [...meters.values()].filter(({ status }) => status === 'active')
  return new Map(active.map((meter) => [meter.event_name, meter]))
}

/** What Stripe has against an event for this meter, if anything. */
export function refusalOf(change: Change, meter: Meter | undefined, event: MeterEventDetails): Refusal | undefined {
  if (!meter) return { code: 'no_meter', error: absenceOf('active meter with event name', event.event_name, 'event_name') }
  return (
    refusalOfCustomer(change.state, meter, event.payload) ??
    refusalOfValue(meter, event.payload) ??
    refusalOfTimestamp(event.timestamp, change.now)
  )
}

/** Counts an event; undefined if one of its identifier was counted before. */
export function count({ state, now }: Change, event: MeterEventDetails): MeterEvent | undefined {
  if (state.meterEvents.has(event.identifier)) return undefined
  const made = newMeterEvent(event, now)
  state.meterEvents.set(made.identifier, made)
  return made
}

/** Counts those that can be; of the others tell thin events, one for each meter and one for those of none. */
export function countStream(change: Change, events: readonly MeterEventDetails[]): void {
  const meters = activeMeters(change.state)
  const refused = events.flatMap((event) => {
    const meter = meters.get(event.event_name)
    const refusal = refusalOf(change, meter, event)
    if (refusal) return { meter, identifier: event.identifier, code: refusal.code, message: refusal.error.message }
    // A second one of an identifier is dropped, and nobody hears of it.
    count(change, event)
    return []
  })
  for (const [meter, ofMeter] of Map.groupBy(refused, (each) => each.meter)) {
    const report = errorReport(ofMeter, new Date(change.now * 1_000).toISOString())
    if (meter) {
      const related = { id: meter.id, type: meter.object, url: `/v1/billing/meters/${meter.id}` }
      change.emitThin('v1.billing.meter.error_report_triggered', related, report)
    } else change.emitThin('v1.billing.meter.no_meter_found', null, report)
  }
}

type Payload = MeterEventDetails['payload']

function refusalOfCustomer({ customers }: StripeState, { customer_mapping: mapping }: Meter, payload: Payload): Refusal | undefined {
  const param = `payload[${mapping.event_payload_key}]`
  const customer = payload[mapping.event_payload_key]
  if (customer === undefined) return { code: 'meter_event_no_customer_defined', error: lackOf(param) }
  if (!customers.has(customer)) return { code: 'meter_event_customer_not_found', error: absenceOf('customer', customer, param) }
  return undefined
}

function refusalOfValue({ value_settings: settings, default_aggregation: aggregation }: Meter, payload: Payload): Refusal | undefined {
  const param = `payload[${settings.event_payload_key}]`
  const value = payload[settings.event_payload_key]
  if (value === undefined) return aggregation.formula === 'count' ? undefined : { code: 'meter_event_invalid_value', error: lackOf(param) }
  if (/^-?\d{1,15}$/.test(value)) return undefined
  return { code: 'meter_event_invalid_value', error: { message: `Invalid value: '${value}' is no whole number.`, param } }
}

function refusalOfTimestamp(timestamp: number, now: number): Refusal | undefined {
  const param = 'timestamp'
  if (timestamp < now - pastSecondsMax)
    return { code: 'timestamp_too_far_in_past', error: { message: 'The timestamp is more than 35 days in the past.', param } }
  if (timestamp > now + futureSecondsMax)
    return { code: 'timestamp_in_future', error: { message: 'The timestamp is more than 5 minutes in the future.', param } }
  return undefined
}
