import type { Bus } from '@frontdesk/bus'
import type { DurableSpec } from '@frontdesk/contracts'
import { durables } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import { keepDurables } from './durable-keeper.ts'
import type { EventHandler } from './event-handler.ts'
import { keepUndecodable } from './undecodable.ts'

/** Whose durables, and what takes their events. */
export interface ConsumeDurablesOptions {
  readonly database: Database
  readonly bus: Bus
  readonly telemetry: Telemetry
  readonly service: DurableSpec['service']
  readonly handler: EventHandler
  /** As `bus.consume` has it. */
  readonly gatherMs?: number
  /** How often the durables are compared with the inbox, besides after each connect (60 s). */
  readonly checkIntervalMs?: number
}

/** Consumes all durables of a service, live and bulk, with one handler, and keeps them in step with their streams. */
export function consumeDurables(options: ConsumeDurablesOptions): AsyncDisposable {
  const { database, bus, telemetry, service, handler, gatherMs = 0, checkIntervalMs: intervalMs = 60_000 } = options
  const owned = new AsyncDisposableStack()
  const specs = durables.filter((spec) => spec.service === service)
  const onUndecodable = keepUndecodable({ database, handler })
  for (const { stream, name } of specs) owned.use(bus.consume({ stream, durable: name, handle: handler, gatherMs, onUndecodable }))
  owned.use(keepDurables({ database, bus, telemetry, specs, handler, intervalMs }))
  return owned
}
