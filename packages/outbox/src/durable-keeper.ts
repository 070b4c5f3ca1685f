import { setTimeout as pause } from 'node:timers/promises'
import type { DurableSpec } from '@frontdesk/contracts'
import { withDatabaseLock } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import type { DurableCheckOptions } from './durable-check.ts'
import { checkDurable } from './durable-check.ts'

interface DurableKeeperOptions extends Omit<DurableCheckOptions, 'clock'> {
  readonly telemetry: Telemetry
  readonly specs: readonly DurableSpec[]
  readonly intervalMs: number
}

/** While they could not be looked at. */
const recheckMs = 1_000

/** Checks a service's durables after each connect and regularly, as the one that holds the database's lock. */
export function keepDurables(options: DurableKeeperOptions): AsyncDisposable {
  const { database, bus, telemetry, specs, intervalMs } = options
  const recreated = telemetry.metrics.counter('durables_recreated_total', 'Durables made anew, since they would have passed over events.', [
    'stream',
    'durable',
    'reason',
  ])
  for (const { stream, name } of specs) {
    // A counter's first increment from nothing is none to Prometheus.
    for (const reason of ['ahead', 'skipped', 'missing']) recreated.inc({ stream, durable: name, reason }, 0)
  }
  const stopping = new AbortController()

  async function check(spec: DurableSpec): Promise<void> {
    const reason = await checkDurable({ ...options, clock: () => new Date() }, spec)
    if (reason === undefined) return
    const { stream, name } = spec
    recreated.inc({ stream, durable: name, reason })
    telemetry.logger.error(
      { stream, durable: name, reason },
      'a durable would have passed over events: it is made anew and begins at the first message of its stream',
    )
  }

  /** Gives how long to wait for the next look. */
  async function look(current: AbortSignal): Promise<number> {
    try {
      // Who does not get the lock need not look: the one that has it is connected, too.
      await withDatabaseLock(database, 'durables', () => Promise.all(specs.map(check)), { waitMs: 0 })
      return intervalMs
    } catch (error) {
      if (!current.aborted && !stopping.signal.aborted)
        telemetry.logger.warn({ err: error }, 'could not look at the durables, looking again')
      return recheckMs
    }
  }

  async function run(): Promise<void> {
    for (;;) {
      const current = await bus.session(stopping.signal).catch(() => undefined)
      if (!current) return
      const over = AbortSignal.any([current, stopping.signal])
      while (!over.aborted) {
        const delayMs = await look(current)
        await pause(delayMs, undefined, { signal: over, ref: false }).catch(() => undefined)
      }
    }
  }

  const running = run()
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
    },
  }
}
