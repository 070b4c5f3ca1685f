import { setTimeout as pause } from 'node:timers/promises'
import type { Bus } from '@frontdesk/bus'
import type { StreamSpec } from '@frontdesk/contracts'
import { streams } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { withDatabaseLock } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import type { StreamVerdict } from './refill-check.ts'
import { checkStream, withCheckLock } from './refill-check.ts'
import { runRefill } from './refill-run.ts'
import { createWorker } from './worker.ts'

interface RefillOptions {
  readonly database: Database
  readonly bus: Bus
  readonly telemetry: Telemetry
  readonly source: string
  /** How often the streams are compared with the outbox while nothing seems wrong. */
  readonly intervalMs: number
  /** How many events a second are published again at most. */
  readonly ratePerSecond: number
  readonly clock: () => Date
  /** Resolves once the positions of what is published are written down, as far as they are known. */
  readonly settled: () => Promise<void>
}

/** Whether a stream may be published to: over the connection whose signal is given, not yet, or not at all since there is none. */
export type Clearance = { readonly during: AbortSignal } | 'unchecked' | 'missing'

/** Holds the streams against the outbox after each connect, before anything is published, and regularly. */
export interface Refill extends AsyncDisposable {
  clearance(stream: string): Clearance
  /** Whether the streams were looked at over the connection there is. */
  checked(): boolean
  /** Resolves once they were. */
  whenChecked(): Promise<void>
}

const names = streams.map(({ name }) => name)
/** While a stream is missing, is refilled, or could not be looked at. */
const recheckMs = 1_000

/** Starts looking; disposing ends a refill in hand after its batch, and another replica or start goes on with it. */
export function startRefill(options: RefillOptions): Refill {
  const { database, bus, telemetry, intervalMs, clock, settled } = options
  const { logger, metrics } = telemetry
  const refills = metrics.counter('outbox_refills_total', 'Refills begun, since a stream no longer holds what it acknowledged.', [
    'stream',
    'reason',
  ])
  const refilled = metrics.counter('outbox_refilled_total', 'Events published again, since the stream had lost them.', ['stream'])
  for (const stream of names) {
    // A counter's first increment from nothing is none to Prometheus.
    for (const reason of ['lost', 'fell_behind']) refills.inc({ stream, reason }, 0)
    refilled.inc({ stream }, 0)
  }
  const stopping = new AbortController()
  let session: AbortSignal | undefined
  const verdicts = new Map<string, StreamVerdict['kind']>()
  const waiting: (() => void)[] = []

  const refilling = createWorker(async () => {
    const during = session && AbortSignal.any([session, stopping.signal])
    if (!during || during.aborted) return
    try {
      await withDatabaseLock(database, 'outbox-refill', (leading) => refillAll(AbortSignal.any([during, leading])), { waitMs: 0 })
    } catch (error) {
      logger.warn({ err: error }, 'a refill was broken off, the next check goes on with it')
    }
  })

  async function refillAll(during: AbortSignal): Promise<void> {
    for (const stream of names) {
      if (verdicts.get(stream) === 'missing') continue
      const onRefilled = (events: number) => refilled.inc({ stream }, events)
      // One stream after the other, at one rate.
      const result = await runRefill({ ...options, onRefilled }, stream, during)
      if (result.refilled + result.forgotten > 0 || !result.finished)
        logger.warn({ stream, ...result }, 'refilled a stream from the outbox')
    }
  }

  async function check(stream: StreamSpec['name'], connectedAnew: boolean): Promise<void> {
    const verdict = await checkStream({ database, bus, clock }, stream, connectedAnew)
    if (verdict.kind === 'refill' && verdict.found) {
      refills.inc({ stream, reason: verdict.refill.reason })
      logger.error({ stream, ...verdict.refill }, 'the stream no longer holds what it acknowledged: it is refilled from the outbox')
    }
    if (verdict.kind === 'missing' && verdicts.get(stream) !== 'missing') {
      logger.error({ stream }, 'the broker has not the stream any more: run `pnpm frontdesk streams apply`; its events wait in the outbox')
    }
    verdicts.set(stream, verdict.kind)
  }

  /** Checks what is due; gives how long to wait for the next one. */
  async function look(current: AbortSignal, last: boolean): Promise<number> {
    try {
      await settled()
      const due = last ? names : names.filter((name) => session !== current || verdicts.get(name) === 'missing')
      const tried = await withCheckLock(database, async () => {
        for (const stream of due) await check(stream, session !== current || verdicts.get(stream) === 'missing')
        return true
      })
      if (!tried) return recheckMs
      if (!current.aborted && session !== current) {
        session = current
        for (const resolve of waiting.splice(0)) resolve()
      }
      refilling.wake()
      return names.every((name) => verdicts.get(name) === 'sound') ? intervalMs : recheckMs
    } catch (error) {
      if (!current.aborted)
        logger.warn({ err: error }, 'could not compare the streams with the outbox; nothing is published until that succeeds')
      return recheckMs
    }
  }

  async function follow(current: AbortSignal): Promise<void> {
    verdicts.clear()
    const over = AbortSignal.any([current, stopping.signal])
    let fullCheckAt = performance.now()
    while (!over.aborted) {
      const full = performance.now() >= fullCheckAt
      if (full) fullCheckAt = performance.now() + intervalMs
      const delayMs = await look(current, full)
      await pause(delayMs, undefined, { signal: over, ref: false }).catch(() => undefined)
    }
    session = undefined
  }

  async function run(): Promise<void> {
    for (;;) {
      const current = await bus.session(stopping.signal).catch(() => undefined)
      if (!current) return
      await follow(current)
    }
  }

  function isChecked(): boolean {
    return session !== undefined && !session.aborted
  }

  const running = run()
  return {
    clearance(stream) {
      if (!session || session.aborted) return 'unchecked'
      return verdicts.get(stream) === 'missing' ? 'missing' : { during: session }
    },
    checked: isChecked,
    whenChecked() {
      if (isChecked()) return Promise.resolve()
      return new Promise((resolve) => waiting.push(resolve))
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
      await refilling.idle()
    },
  }
}
