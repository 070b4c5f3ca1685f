import type { HandlingOutcome, ReceivedEvent, Settlement } from '@frontdesk/bus'
import { isFrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import { context } from '@opentelemetry/api'
import { closeSpan, contextOf } from './event-spans.ts'

/** How the handling of an event ended, as logs, metrics and spans name it. */
type Ending = 'done' | 'duplicate' | 'ignored' | 'retry' | 'dead'

/** What a handler says of its work. */
export interface Report {
  split(events: readonly ReceivedEvent[], error: Error): void
  /** One line, one count and the end of the span for each event. */
  batch(
    events: readonly ReceivedEvent[],
    outcomes: ReadonlyMap<ReceivedEvent, HandlingOutcome>,
    settlements: readonly Settlement[],
    durationMs: number,
  ): void
}

/** From provider to effect: from what a caller waits for to a backlog. */
const lagBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1_800, 7_200]

/** The report of one handler. */
export function createReport(options: { telemetry: Telemetry; handler: string; level: 'debug' | 'info'; clock: () => Date }): Report {
  const { telemetry, handler, level, clock } = options
  const { logger, metrics } = telemetry
  const handled = metrics.counter('inbox_events_total', 'Events that a handler has settled.', ['handler', 'outcome'])
  const splits = metrics.counter('inbox_batches_split_total', 'Groups that failed together and were handled one by one.', ['handler'])
  const seconds = metrics.histogram('inbox_batch_seconds', 'Time to handle and commit a batch.', ['handler'])
  const lag = metrics.histogram('inbox_event_lag_seconds', 'From an event’s time to the commit of its effect.', ['handler'], lagBuckets)

  return {
    split(events, error) {
      splits.inc({ handler })
      logger.warn({ handler, events: events.length, err: error }, 'a group of events failed, each runs alone')
    },
    batch(events, outcomes, settlements, durationMs) {
      seconds.observe({ handler }, durationMs / 1_000)
      const nowMs = clock().getTime()
      for (const [index, event] of events.entries()) {
        const outcome = outcomes.get(event)
        const ending = endingOf(outcome, settlements[index])
        const error = outcome?.kind === 'failed' ? outcome.error : undefined
        const { envelope } = event
        handled.inc({ handler, outcome: ending })
        if (ending === 'done') lag.observe({ handler }, Math.max(0, nowMs - envelope.time.getTime()) / 1_000)
        const line = {
          handler,
          outcome: ending,
          eventId: envelope.id,
          revision: envelope.revision,
          eventType: envelope.type,
          entityId: envelope.subject,
          companyId: envelope.companyId,
          correlationId: envelope.correlationId,
          attempt: event.deliveryCount,
          batch: events.length,
          ms: Math.round(durationMs * 10) / 10,
          ...(error && { err: error }),
        }
        context.with(contextOf(event), () => logger[levelOf(ending, level)](line, 'event handled'))
        closeSpan(event, ending, error && (isFrontdeskError(error) ? error.code : error.name))
      }
    },
  }
}

function endingOf(outcome: HandlingOutcome | undefined, settlement: Settlement | undefined): Ending {
  if (!outcome) return 'ignored'
  if (outcome.kind !== 'failed') return outcome.kind
  return settlement?.kind === 'dead-letter' ? 'dead' : 'retry'
}

function levelOf(ending: Ending, level: 'debug' | 'info'): 'debug' | 'info' | 'warn' | 'error' {
  if (ending === 'dead') return 'error'
  return ending === 'retry' ? 'warn' : level
}
