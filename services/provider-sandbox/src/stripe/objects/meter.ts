import type { Meter, MeterEvent } from './types.ts'

export interface MeterDetails {
  readonly display_name: string
  readonly event_name: string
  readonly default_aggregation: { readonly formula: 'count' | 'last' | 'sum' }
  readonly customer_mapping?: { readonly event_payload_key: string } | undefined
  readonly value_settings?: { readonly event_payload_key: string } | undefined
  readonly event_time_window?: 'day' | 'hour' | undefined
}

export interface MeterEventDetails {
  readonly event_name: string
  readonly identifier: string
  readonly timestamp: number
  readonly payload: Readonly<Record<string, string>>
}

export function newMeter(id: string, details: MeterDetails, now: number): Meter {
  return {
    id,
    object: 'billing.meter',
    created: now,
    customer_mapping: { event_payload_key: details.customer_mapping?.event_payload_key ?? 'stripe_customer_id', type: 'by_id' },
    default_aggregation: { formula: details.default_aggregation.formula },
    display_name: details.display_name,
    event_name: details.event_name,
    event_time_window: details.event_time_window ?? null,
    livemode: false,
    status: 'active',
    status_transitions: { deactivated_at: null },
    updated: now,
    value_settings: { event_payload_key: details.value_settings?.event_payload_key ?? 'value' },
  }
}

export function newMeterEvent({ payload, ...details }: MeterEventDetails, now: number): MeterEvent {
  return { object: 'billing.meter_event', created: now, livemode: false, ...details, payload: { ...payload } }
}

/** A customer's usage in [start, end), in whole units. */
export function usageOf(meter: Meter, events: readonly MeterEvent[], customer: string, start: number, end: number): number {
  const values = events
    .filter(({ event_name: name, timestamp }) => name === meter.event_name && timestamp >= start && timestamp < end)
    .filter(({ payload }) => payload[meter.customer_mapping.event_payload_key] === customer)
    .map(({ payload }) => Number(payload[meter.value_settings.event_payload_key]))
  if (meter.default_aggregation.formula === 'count') return values.length
  if (meter.default_aggregation.formula === 'last') return values.at(-1) ?? 0
  return values.reduce((sum, value) => sum + value, 0)
}
