import { createFailureCounts, encodeEnvelope, isUnknownFailure, settle } from '@frontdesk/bus'
import type { ReceivedEvent, Settlement, UndecodableMessage } from '@frontdesk/bus'
import { deriveEventId } from '@frontdesk/contracts'
import type { EventType } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import { toEvent } from './event.ts'
import type { FrontdeskEvent } from './event.ts'
import { inboxKeyOf } from './store.ts'
import type { DeadLetter, InboxKey, SubscriberStore } from './store.ts'

/** What makes a handler. */
export interface HandlerOptions<Type extends EventType, Tx> {
  readonly inbox: string
  readonly types: readonly Type[]
  readonly store: SubscriberStore<Tx>
  readonly handle: (tx: Tx, event: FrontdeskEvent<Type>) => Promise<void>
  readonly telemetry: Telemetry
}

const groupSize = 50
const countedEvents = 10_000
const buryAgainAfterMs = 5_000
const errorLength = 2_000

type Outcome = 'done' | { readonly error: Error }
type Delivered = InboxKey & { readonly event: ReceivedEvent }

/** The handler of both lanes: each event once, dead letters in the store before the broker is told. */
export function createHandler<Type extends EventType, Tx>(options: HandlerOptions<Type, Tx>) {
  const { inbox, store, handle, telemetry } = options
  const types: ReadonlySet<string> = new Set(options.types)
  const unknownFailures = createFailureCounts(countedEvents)
  const logger = telemetry.logger.child({ component: 'subscriber', inbox })
  const counted = telemetry.metrics.counter('subscriber_events_total', 'Events delivered to a subscriber, by how they ended.', [
    'inbox',
    'outcome',
  ])

  /** Commits the events together; an error before the effect began is the store's, and says nothing of the events. */
  async function commit(events: readonly ReceivedEvent[]): Promise<Outcome> {
    let began = false
    try {
      const keyed = events.map((event): Delivered => ({ ...inboxKeyOf(event), event }))
      await store.once(inbox, keyed, async (tx, fresh) => {
        began = true
        // In the order of delivery, on one connection.
        for (const { event } of fresh) await handle(tx, toEvent<Type>(event))
      })
      return 'done'
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause))
      return { error: began ? error : new FrontdeskError('unavailable', { publicMessage: 'The store did not take the events.', cause }) }
    }
  }

  async function outcomesOf(events: readonly ReceivedEvent[]): Promise<Outcome[]> {
    const together = await commit(events)
    if (together === 'done' || events.length === 1) return events.map(() => together)
    const outcomes: Outcome[] = []
    // What failed together is tried alone, so that one event does not fail beside its neighbours.
    for (const event of events) outcomes.push(await commit([event]))
    return outcomes
  }

  function settlementOf(event: ReceivedEvent, outcome: Outcome): Settlement {
    const { id, revision } = event.envelope
    const key = `${id}.${revision}`
    if (outcome === 'done') {
      unknownFailures.forget(key)
      return { kind: 'ack' }
    }
    const attempt = isUnknownFailure(outcome.error) ? unknownFailures.add(key) : event.deliveryCount
    const settlement = settle({ kind: 'failed', error: outcome.error }, attempt)
    const line = { err: outcome.error, eventId: id, revision, eventType: event.envelope.type, attempt }
    if (settlement.kind === 'dead-letter') logger.error(line, 'an event is given up: it is a dead letter')
    else logger.warn(line, 'an event failed and is tried again')
    return settlement
  }

  async function handleGroup(events: readonly ReceivedEvent[]): Promise<Settlement[]> {
    const outcomes = await outcomesOf(events)
    const settlements = events.map((event, index) => settlementOf(event, outcomes[index] ?? 'done'))
    const letters = events.flatMap((event, index) => {
      const outcome = outcomes[index]
      return settlements[index]?.kind === 'dead-letter' && outcome && outcome !== 'done' ? [letterOf(event, outcome.error)] : []
    })
    try {
      if (letters.length > 0) await store.bury(inbox, letters)
      return settlements
    } catch (error) {
      logger.error({ err: error, events: letters.length }, 'dead letters could not be kept: their events come again')
      return settlements.map((one) => (one.kind === 'dead-letter' ? { kind: 'retry', delayMs: buryAgainAfterMs } : one))
    }
  }

  return {
    async handle(events: readonly ReceivedEvent[]): Promise<Settlement[]> {
      const settlements = new Map<ReceivedEvent, Settlement>()
      const wanted = events.filter(({ envelope }) => types.has(envelope.type))
      for (let start = 0; start < wanted.length; start += groupSize) {
        const group = wanted.slice(start, start + groupSize)
        const settled = await handleGroup(group)
        for (const [index, event] of group.entries()) settlements.set(event, settled[index] ?? { kind: 'ack' })
      }
      return events.map((event) => {
        const settlement = settlements.get(event)
        counted.inc({ inbox, outcome: settlement ? { ack: 'done', retry: 'retried', 'dead-letter': 'dead' }[settlement.kind] : 'not_ours' })
        return settlement ?? { kind: 'ack' }
      })
    },
    /** Keeps what can't be read, once; the broker drops it only after that. */
    async keepUndecodable(message: UndecodableMessage): Promise<void> {
      const { stream, streamSequence, subject, headers, body, deliveryCount, error } = message
      const id = deriveEventId(['undecodable', stream, streamSequence.toString(), subject, body])
      const envelope = JSON.stringify({ stream, streamSequence: streamSequence.toString(), subject, headers })
      const key = { id, revision: 1, type: 'undecodable', companyId: undefined, attempts: deliveryCount }
      await store.bury(inbox, [{ ...key, envelope, payload: body, error: error.message.slice(0, errorLength) }])
    },
  }
}

function letterOf(event: ReceivedEvent, error: Error): DeadLetter {
  const headers = Object.fromEntries(encodeEnvelope(event.envelope))
  const envelope = JSON.stringify({ subject: event.subject, headers })
  return { ...inboxKeyOf(event), envelope, payload: event.body, error: describe(error).slice(0, errorLength) }
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? `; caused by ${describe(error.cause)}` : ''
  return `${error.name}: ${error.message}${cause}`
}
