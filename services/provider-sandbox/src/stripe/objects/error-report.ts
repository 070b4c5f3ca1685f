import type { ErrorReport } from './types.ts'

/** Why a usage event is not counted, in the words of an error report. */
export type RefusalCode =
  | 'meter_event_customer_not_found'
  | 'meter_event_invalid_value'
  | 'meter_event_no_customer_defined'
  | 'no_meter'
  | 'timestamp_in_future'
  | 'timestamp_too_far_in_past'

/** A usage event that was not counted. */
export interface RefusedEvent {
  readonly identifier: string
  readonly code: RefusalCode
  readonly message: string
}

/** Stripe names that many of each code. */
const samplesMax = 5

/** The report of what was refused at that time, ISO 8601. */
export function errorReport(refused: readonly RefusedEvent[], at: string): ErrorReport {
  const count = refused.length
  return {
    developer_message_summary: count === 1 ? 'There is 1 invalid event' : `There are ${count} invalid events`,
    reason: {
      error_count: count,
      error_types: [...Map.groupBy(refused, ({ code }) => code)].map(([code, ofCode]) => ({
        code,
        error_count: ofCode.length,
        sample_errors: ofCode.slice(0, samplesMax).map(({ message, identifier }) => ({ error_message: message, request: { identifier } })),
      })),
    },
    validation_start: at,
    validation_end: at,
  }
}
