import { setTimeout as wait } from 'node:timers/promises'
import type { Bus, OutgoingMessage } from '@frontdesk/bus'
import { bulkSubject } from '@frontdesk/contracts'
import type { Telemetry } from '@frontdesk/telemetry'
import { batchSizeAt, type Replay } from '../app/replay.ts'
import type { ReplayBatch, ReplaySource, ReplayStore } from '../app/replay-ports.ts'

export interface ReplayWorkerOptions {
  readonly store: ReplayStore
  readonly source: Pick<ReplaySource<OutgoingMessage>, 'next'>
  readonly bus: Pick<Bus, 'status' | 'publish'>
  /** Runs the work as the only process; undefined if another one does. */
  readonly alone: (work: (lost: AbortSignal) => Promise<void>) => Promise<unknown>
  readonly telemetry: Telemetry
  readonly clock: () => Date
  readonly intervalMs?: number
}

const retryAfterMs = 1_000
/** Those concern the message itself: no other try ends differently. */
const forGood: ReadonlySet<string> = new Set(['too_large', 'wrong_subject', 'rejected'])

/**
 * Runs replays, one at a time and over all replicas; what a crash leaves is taken on from its last batch. Disposing ends
 * with the batch in hand.
 */
export function startReplayWorker(options: ReplayWorkerOptions): AsyncDisposable {
  const { store, source, bus, alone, telemetry, clock, intervalMs = 1_000 } = options
  const { logger, metrics } = telemetry
  const published = metrics.counter('replayed_events_total', 'Events that replays have sent again.', ['outcome'])
  const stopping = new AbortController()

  /** The counts of a batch once each message has its answer; undefined if we have to stop before, or it was cancelled. */
  async function send(replay: Replay, { messages }: ReplayBatch<OutgoingMessage>, ended: AbortSignal) {
    const again = messages.map((message) => ({ ...message, subject: bulkSubject(message.subject), repeat: `replay.${replay.id}` }))
    while (!ended.aborted) {
      // Past the outbox's gate: what stands where a row's message was lost has another id, so that it covers no loss up. What the
      // broker loses of these copies, nobody sends again.
      const outcomes = again.length === 0 ? [] : await bus.publish(again)
      const failures = outcomes.filter((outcome) => !outcome.ok)
      const lost = failures.filter(({ reason }) => forGood.has(reason)).length
      if (lost === failures.length) return { published: outcomes.length - lost, failed: lost }
      logger.warn({ replayId: replay.id, reason: failures[0]?.reason }, 'a replay waits for the broker')
      // The same message ids: what the broker has, it keeps once.
      await pause(retryAfterMs, ended)
      // Somebody may have cancelled it meanwhile, and the next one waits.
      if ((await store.find(replay.id))?.state !== 'running') return undefined
    }
    return undefined
  }

  async function run(replay: Replay, ended: AbortSignal): Promise<void> {
    let { after } = replay.rows
    while (!ended.aborted) {
      const begun = performance.now()
      // One batch after the other is what keeps the rate.
      const batch = await source.next({ ...replay, rows: { ...replay.rows, after } }, batchSizeAt(replay.eventsPerSecond))
      const counts = await send(replay, batch, ended)
      if (!counts) return
      after = batch.through
      published.inc({ outcome: 'published' }, counts.published)
      published.inc({ outcome: 'failed' }, counts.failed)
      if ((await store.advance(replay.id, { after, ...counts })) !== 'running') return
      if (batch.over) {
        await store.end(replay.id, 'done', clock())
        logger.info({ replayId: replay.id }, 'a replay is done')
        return
      }
      await pause((batch.messages.length / replay.eventsPerSecond) * 1_000 - (performance.now() - begun), ended)
    }
  }

  async function work(lost: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([lost, stopping.signal])
    for (let replay = await store.takeOldest(clock()); replay && !ended.aborted; replay = await store.takeOldest(clock())) {
      logger.info({ replayId: replay.id, caller: replay.caller, actor: replay.actor }, 'a replay runs')
      await run(replay, ended)
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if (bus.status() === 'connected' && (await store.countOpen()) > 0) await alone(work)
      } catch (error) {
        logger.warn({ err: error }, 'replays have stopped, and go on from their last batch')
      }
      await pause(intervalMs, stopping.signal)
    }
  }
  const looping = loop()

  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await looping
    },
  }
}

async function pause(ms: number, ended: AbortSignal): Promise<void> {
  if (ms > 0) await wait(ms, undefined, { signal: ended, ref: false }).catch(() => undefined)
}
