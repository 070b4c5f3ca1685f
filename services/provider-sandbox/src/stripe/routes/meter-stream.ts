import { z } from 'zod'
import { meterStreamUrl } from '../authorization.ts'
import type { MeterSessions } from '../meter-sessions.ts'
import { countStream } from '../metering.ts'
import type { StripeRoutes } from '../routing.ts'
import { meterEventParameters } from './meters.ts'

const instant = () => z.iso.datetime({ offset: true }).transform((text) => Math.floor(Date.parse(text) / 1_000))
const stream = {
  events: z
    .array(z.strictObject({ ...meterEventParameters, timestamp: instant().optional() }))
    .min(1)
    .max(100),
}

export function registerMeterStream({ addV2 }: StripeRoutes, sessions: MeterSessions): void {
  addV2('/v2/billing/meter_event_session', {}, () => sessions.open())
  addV2(meterStreamUrl, stream, ({ parameters, change }) => {
    const events = parameters.events.map(({ identifier = change.newId('mtrevt'), timestamp = change.now, ...event }) => ({
      ...event,
      identifier,
      timestamp,
    }))
    countStream(change, events)
    return {}
  })
}
