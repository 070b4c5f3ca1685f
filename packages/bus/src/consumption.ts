import { setTimeout as pause } from 'node:timers/promises'
import type { Telemetry } from '@frontdesk/telemetry'
import { type ConsumerConfig, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { createBatchHandler } from './batch-handler.ts'
import type { ConsumeOptions } from './consume-options.ts'
import type { Link, Session } from './link.ts'
import { openPull } from './pull.ts'
import { readAhead } from './read-ahead.ts'

/** A running consumption; disposing finishes and settles the batch in hand. */
export type Consumption = AsyncDisposable

const shortestPauseMs = 250
const longestPauseMs = 2_000
const infoIntervalMs = 10_000

/** Consumes until disposed, through lost connections, restarted brokers, and durables that are not there yet. */
export function startConsumption(link: Link, telemetry: Telemetry, options: ConsumeOptions): Consumption {
  const { stream, durable, batchSize = 256, gatherMs = 0 } = options
  const labels = { stream, durable }
  const logger = telemetry.logger.child({ component: 'bus', stream, durable })
  const { metrics } = telemetry
  const up = metrics.gauge('bus_consumer_up', 'Whether the durable is being pulled from (1) or can not be (0).', ['stream', 'durable'])
  const pending = metrics.gauge('bus_consumer_pending', 'Messages that the durable has not delivered yet.', ['stream', 'durable'])
  const ackPending = metrics.gauge('bus_consumer_ack_pending', 'Messages delivered and not settled.', ['stream', 'durable'])
  up.set(labels, 0)
  const stopping = new AbortController()
  const stop = stopping.signal
  const batches = createBatchHandler(link, telemetry, options, stop)

  /** @throws Error if the stream or the durable is not there. */
  async function readConfig(manager: JetStreamManager): Promise<ConsumerConfig> {
    const info = await manager.consumers.info(stream, durable)
    pending.set(labels, info.num_pending)
    ackPending.set(labels, info.num_ack_pending)
    return info.config
  }

  /** Consumes in one session; comes back only when stopped. */
  async function consumeIn(session: Session): Promise<void> {
    const manager = await jetstreamManager(session.connection, { apiPrefix: link.apiPrefix, checkAPI: false })
    const { ack_wait: ackWaitNs = 30_000_000_000, filter_subjects: filters } = await readConfig(manager)
    const pull = openPull(session, { stream, durable, batchSize, inboxPrefix: link.inboxPrefix, apiPrefix: link.apiPrefix })
    // What waits behind a long batch is ours as much as the batch: without a sign of life it would go to another replica.
    const signs = setInterval(() => batches.stillWorking(pull.waiting()), Math.max(50, ackWaitNs / 3_000_000))
    const infos = setInterval(() => void readConfig(manager).catch(() => undefined), infoIntervalMs)
    up.set(labels, 1)
    try {
      // One batch after the other, in the stream's order.
      while (!stop.aborted) {
        const batch = await pull.next(stop)
        if (filters) void readAhead(manager, stream, batch)
        await batches.process(batch)
        if (gatherMs > 0 && batch.length < batchSize) await pause(gatherMs, undefined, { signal: stop }).catch(() => undefined)
      }
    } finally {
      clearInterval(signs)
      clearInterval(infos)
      up.set(labels, 0)
      batches.giveBack(await pull.close())
    }
  }

  async function run(): Promise<void> {
    let lastProblem = ''
    for (let failures = 0; !stop.aborted; failures++) {
      let session: Session | undefined
      try {
        session = await link.nextSession(stop)
        const startedAtMs = performance.now()
        await consumeIn(session).finally(() => {
          if (performance.now() - startedAtMs > longestPauseMs) failures = 0
        })
      } catch (error) {
        if (stop.aborted || link.status() === 'closed') return
        const problem = error instanceof Error ? error.message : String(error)
        // A durable may be missing for hours: a line when that changes, then one in about a minute.
        if (problem !== lastProblem || failures % 30 === 0) logger.warn({ err: error }, 'can not consume; trying again')
        lastProblem = problem
      }
      const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(failures, 10))
      if (!session?.lost.aborted) await pause(pauseMs, undefined, { signal: stop }).catch(() => undefined)
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
