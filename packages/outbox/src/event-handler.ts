import type { HandlingOutcome, ReceivedEvent, Settlement } from '@frontdesk/bus'
import { createFailureCounts, isUnknownFailure, settle } from '@frontdesk/bus'
import type { EventType } from '@frontdesk/contracts'
import type { Database, Transaction } from '@frontdesk/database'
import { isConnectionLost, withTransaction } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import { measureDeadLetters } from './backlog-metrics.ts'
import { buryEvents } from './bury.ts'
import { groupByEntity } from './entity-groups.ts'
import { openSpans, traceToCauses } from './event-spans.ts'
import type { NewEvent } from './events.ts'
import { createReport } from './handling-report.ts'
import { claimEvents, eventKey } from './inbox.ts'
import type { Outbox } from './outbox.ts'

/** How a handler is made. */
export interface EventHandlerOptions {
  readonly database: Database
  readonly outbox: Pick<Outbox, 'append'>
  readonly telemetry: Telemetry
  /** The logical name, the same in every lane and for ever: the inbox key. */
  readonly name: string
  /** Events of any other type are acknowledged and counted, and leave no row. */
  readonly types: readonly EventType[]
  /**
   * Takes events that were not handled before, writes their effects with `tx`, and gives the events that
   * follow. A throw undoes all of it; a FrontdeskError's code says whether trying again can help.
   */
  readonly handle: (tx: Transaction, events: readonly ReceivedEvent[]) => Promise<readonly NewEvent[]>
  /** About how many events share a commit. */
  readonly groupSize?: number
  /** How many groups of a batch commit side by side, each on a connection of the pool. */
  readonly parallelGroups?: number
  /** Of the line that each handled event leaves; failures are warnings, dead letters errors. */
  readonly logLevel?: 'debug' | 'info'
  readonly clock?: () => Date
}

/** Handles a batch as `bus.consume` delivers it, each event once for ever; one settlement for each, and never throws. */
export interface EventHandler {
  (events: readonly ReceivedEvent[]): Promise<Settlement[]>
  readonly handlerName: string
  /** The types of which each event that it was given has a row in the inbox. */
  readonly types: ReadonlySet<string>
  /** Handles one event in the caller's transaction, past the inbox: for a redrive. */
  run(tx: Transaction, event: ReceivedEvent): Promise<void>
}

/** Said of an event when its dead letter could not be written. */
const buryAgainAfterMs = 5_000
/** Of events that failed for an unknown reason; some 2 MB. */
const countedEvents = 10_000

/** An idempotent handler: inbox rows, effects and outbox rows in one commit; what fails together is tried alone. */
export function createEventHandler(options: EventHandlerOptions): EventHandler {
  const { database, outbox, telemetry, name, handle, groupSize = 128, parallelGroups = 2, clock = () => new Date() } = options
  const types: ReadonlySet<string> = new Set(options.types)
  const unknownFailures = createFailureCounts(countedEvents)
  const report = createReport({ telemetry, handler: name, level: options.logLevel ?? 'info', clock })
  measureDeadLetters(database, telemetry, clock)

  async function work(tx: Transaction, events: readonly ReceivedEvent[]): Promise<void> {
    const produced = await handle(tx, events)
    await outbox.append(tx, traceToCauses(produced, events))
  }

  /** Commits the events together; `began` tells a database that is away from a handler that fails. */
  async function commit(events: readonly ReceivedEvent[], outcomes: Outcomes): Promise<{ began: boolean; error?: Error }> {
    let began = false
    let answered = false
    try {
      const claimed = await withTransaction(database, async (tx) => {
        began = true
        const fresh = await claimEvents(tx, name, events, clock())
        answered = true
        if (fresh.length > 0) await work(tx, fresh)
        return new Set(fresh)
      })
      for (const event of events) outcomes.set(event, { kind: claimed.has(event) ? 'done' : 'duplicate' })
      return { began }
    } catch (error) {
      // A connection that was lost before it said anything may have been dead for long, and so may the others of the pool.
      const isAway = !began || (!answered && isConnectionLost(error))
      return { began: !isAway, error: error instanceof Error ? error : new Error(String(error)) }
    }
  }

  async function handleAlone(events: readonly ReceivedEvent[], outcomes: Outcomes): Promise<void> {
    let away: Error | undefined
    for (const event of events) {
      // An event that failed with others must not fail beside them again.
      const { began, error } = away ? { began: false, error: away } : await commit([event], outcomes)
      if (!error) continue
      outcomes.set(event, { kind: 'failed', error })
      if (!began) away = error
    }
  }

  async function handleGroup(events: readonly ReceivedEvent[], outcomes: Outcomes): Promise<void> {
    const { began, error } = await commit(events, outcomes)
    if (!error) return
    if (began && events.length > 1) {
      report.split(events, error)
      await handleAlone(events, outcomes)
    } else {
      for (const event of events) outcomes.set(event, { kind: 'failed', error })
    }
  }

  async function handleAll(events: readonly ReceivedEvent[], outcomes: Outcomes): Promise<void> {
    const { fresh = [], again = [] } = Object.groupBy(events, (event) => (event.deliveryCount > 1 ? 'again' : 'fresh'))
    const tasks = [
      ...groupByEntity(fresh, groupSize).map((group) => () => handleGroup(group, outcomes)),
      ...groupByEntity(again, Math.ceil(again.length / parallelGroups)).map((group) => () => handleAlone(group, outcomes)),
    ]
    const lane = async () => {
      for (let task = tasks.shift(); task; task = tasks.shift()) await task()
    }
    await Promise.all(Array.from({ length: Math.min(parallelGroups, tasks.length) }, lane))
  }

  function settleOne(event: ReceivedEvent, outcome: HandlingOutcome): Settlement {
    // The broker counts every outage and every crash with what the event itself is to blame for.
    const unknown = outcome.kind === 'failed' && isUnknownFailure(outcome.error)
    return settle(outcome, unknown ? unknownFailures.add(eventKey(event.envelope)) : event.deliveryCount)
  }

  /** The settlements, with the dead letters committed; where they can't be, their events come again. */
  async function settleAll(events: readonly ReceivedEvent[], outcomes: Outcomes): Promise<Settlement[]> {
    const settlements = events.map((event) => settleOne(event, outcomes.get(event) ?? { kind: 'done' }))
    const dead = events.flatMap((event, index) => {
      const outcome = outcomes.get(event)
      return settlements[index]?.kind === 'dead-letter' && outcome?.kind === 'failed' ? [{ event, error: outcome.error }] : []
    })
    if (dead.length === 0) return settlements
    try {
      await buryEvents(database, name, dead, clock())
      return settlements
    } catch (error) {
      telemetry.logger.error({ err: error, handler: name, events: dead.length }, 'could not write dead letters, their events come again')
      return settlements.map((settlement) =>
        settlement.kind === 'dead-letter' ? { kind: 'retry', delayMs: buryAgainAfterMs } : settlement,
      )
    }
  }

  async function handler(events: readonly ReceivedEvent[]): Promise<Settlement[]> {
    const startedAt = performance.now()
    const outcomes: Outcomes = new Map()
    const known = events.filter((event) => types.has(event.envelope.type))
    openSpans(name, known)
    await handleAll(known, outcomes)
    const settlements = await settleAll(events, outcomes)
    for (const [index, { envelope }] of events.entries()) {
      if (settlements[index]?.kind !== 'retry') unknownFailures.forget(eventKey(envelope))
    }
    report.batch(events, outcomes, settlements, performance.now() - startedAt)
    return settlements
  }

  return Object.assign(handler, { handlerName: name, types, run: (tx: Transaction, event: ReceivedEvent) => work(tx, [event]) })
}

type Outcomes = Map<ReceivedEvent, HandlingOutcome>
