import { setTimeout as pause } from 'node:timers/promises'
import type { Telemetry } from '@frontdesk/telemetry'
import type { Bus } from './bus.ts'
import { linkOf } from './bus.ts'
import type { Session } from './link.ts'
import { checkTopology } from './topology.ts'
import type { Service } from './topology.ts'

/**
 * Looks after each connect, in the background, whether the service can work with the broker's streams and durables, and
 * while it can't, again each `recheckMs` (30 s): a line when that changes, and the gauge `bus_topology_incompatible`.
 */
export function watchTopology(
  bus: Bus,
  service: Service,
  telemetry: Telemetry,
  { recheckMs = 30_000 }: { recheckMs?: number } = {},
): AsyncDisposable {
  const logger = telemetry.logger.child({ component: 'bus', service })
  const incompatible = telemetry.metrics.gauge('bus_topology_incompatible', 'Streams and durables that the service can not work with.', [
    'service',
  ])
  const link = linkOf(bus)
  const stopping = new AbortController()
  let lastProblems = ''

  /** Whether all is well. */
  async function look(): Promise<boolean> {
    try {
      const problems = await checkTopology(bus, service)
      if (stopping.signal.aborted) return true
      incompatible.set({ service }, problems.length)
      const text = JSON.stringify(problems)
      if (problems.length > 0 && text !== lastProblems) {
        logger.error(
          { problems },
          'the broker has not the streams and durables that this service needs: run `pnpm frontdesk streams apply`',
        )
      } else if (problems.length === 0 && lastProblems !== '')
        logger.info('the broker has the streams and durables that this service needs')
      lastProblems = problems.length > 0 ? text : ''
      return problems.length === 0
    } catch (error) {
      if (!stopping.signal.aborted) logger.warn({ err: error }, 'could not look at the streams and durables; looking again')
      return false
    }
  }

  /** Looks until all is well or the session is over, and comes back when it is over. */
  async function follow({ lost }: Session): Promise<void> {
    const over = AbortSignal.any([lost, stopping.signal])
    while (!over.aborted && !(await look())) await pause(recheckMs, undefined, { signal: over, ref: false }).catch(() => undefined)
    if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }))
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await follow(await link.nextSession(stopping.signal))
      } catch {
        // The only reasons for there never to be another session.
        return
      }
    }
  }

  void run()
  return {
    // A look that waits for the broker is left to its time-out: nothing depends on it, and the bus must not wait for it.
    [Symbol.asyncDispose]() {
      stopping.abort()
      return Promise.resolve()
    },
  }
}
