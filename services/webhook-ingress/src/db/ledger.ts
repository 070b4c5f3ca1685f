import { type EventId, ingressSubject } from '@frontdesk/contracts'
import { type Database, type Transaction, withTransaction } from '@frontdesk/database'
import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import type { NewEvent, Outbox } from '@frontdesk/outbox'
import type { NormalizedEvent } from '@frontdesk/providers'
import { injectTrace, type Logger } from '@frontdesk/telemetry'
import type { Ledger, VerifiedDelivery } from '../app/ports.ts'
import type { Acceptance, Delivery } from '../domain/delivery.ts'
import { createGroupCommit } from './group-commit.ts'
import { claimNew, keepDeliveries } from './ledger-rows.ts'

const mib = 1024 * 1024

interface Kept {
  readonly delivery: VerifiedDelivery
  readonly events: readonly NormalizedEvent[]
  /** W3C headers of the request, which its events carry on; the group's commit belongs to no request. */
  readonly trace: Record<string, string>
}

/** The event of a group that is the first of its id, with the delivery that brought it. */
interface Candidate {
  readonly delivery: VerifiedDelivery
  readonly event: NormalizedEvent
  readonly trace: Record<string, string>
}

/** The ledger on MySQL. Its `idle` resolves when no commit is under way. */
export function createLedger(database: Database, outbox: Outbox, logger: Logger): Ledger & { idle(): Promise<void> } {
  const group = createGroupCommit<Kept, Acceptance>({
    commit: (kept) => withTransaction(database, (tx) => commitGroup(tx, outbox, kept)),
    // What passes by itself is nobody's fault: a database that is away is away for every member.
    worthSplitting: (error) => !(isFrontdeskError(error) && error.retryable),
    maxItems: 256,
    maxBytes: 4 * mib,
    // One is written while the next one gathers; with more of them all would be small, and each costs round trips and a sync.
    concurrency: 2,
    queueBytesLimit: 64 * mib,
    // A provider is answered within 2 s, whatever the database does; the rest is for what a crowd costs besides.
    timeoutMs: 1_300,
  })
  return {
    async keep(delivery, normalized) {
      const trace: Record<string, string> = {}
      injectTrace(trace)
      const begun = performance.now()
      try {
        const bytes = bytesOf(delivery, normalized)
        const acceptance = await group.submit({ item: { delivery, events: normalized, trace }, bytes })
        report(logger, delivery, normalized, acceptance, performance.now() - begun)
        return acceptance
      } catch (error) {
        throw isFrontdeskError(error, 'unavailable') ? error : notKept(error)
      }
    },
    idle: () => group.idle(),
  }
}

/**
 * What a delivery takes of its group: the body, which is escaped on its way, and a row in two tables for each event.
 * At 1 KB for each row a full group stays under the 65,535 placeholders of one statement, too.
 */
function bytesOf({ rawBody }: Delivery, normalized: readonly NormalizedEvent[]): number {
  return normalized.reduce((bytes, { body }) => bytes + body.length + 1_024, rawBody.length * 2)
}

/** One wide line for each event; the line of the request that brought it would say nothing more. */
function report(logger: Logger, delivery: Delivery, kept: readonly NormalizedEvent[], acceptance: Acceptance, ms: number): void {
  const { id: deliveryId, provider, connectionId, rawBody } = delivery
  for (const { id: eventId, type: eventType, entityId } of kept) {
    const line = { eventId, eventType, entityId, provider, connectionId, deliveryId, ...acceptance, bytes: rawBody.length }
    logger.info({ ...line, ms: Math.round(ms * 10) / 10 }, 'kept')
  }
}

async function commitGroup(tx: Transaction, outbox: Outbox, group: readonly Kept[]): Promise<Acceptance[]> {
  const candidates = firstOfEachId(group)
  const claimed = await claimNew(tx, candidates)
  const fresh = candidates.filter(({ event }) => claimed.has(event.id))
  if (fresh.length > 0) {
    await keepDeliveries(tx, [...new Set(fresh.map(({ delivery }) => delivery))])
    await outbox.append(tx, fresh.map(toNewEvent))
  }

  const accepted = new Map<Delivery, number>()
  for (const { delivery } of fresh) accepted.set(delivery, (accepted.get(delivery) ?? 0) + 1)
  return group.map((kept) => {
    const count = accepted.get(kept.delivery) ?? 0
    return { accepted: count, duplicates: kept.events.length - count }
  })
}

/** Sorted by id, so that two groups take their locks in the same order and can't deadlock. */
function firstOfEachId(group: readonly Kept[]): Candidate[] {
  const first = new Map<EventId, Candidate>()
  for (const { delivery, events: normalized, trace } of group) {
    for (const event of normalized) if (!first.has(event.id)) first.set(event.id, { delivery, event, trace })
  }
  return [...first.values()].toSorted((a, b) => (a.event.id < b.event.id ? -1 : 1))
}

function toNewEvent({ delivery, event, trace }: Candidate): NewEvent {
  return {
    id: event.id,
    revision: 1,
    type: event.type,
    subject: ingressSubject(delivery.provider, event.type),
    entityId: event.entityId,
    body: event.body,
    occurredAt: event.occurredAt,
    correlationId: event.id,
    trace,
  }
}

/** Whatever the database said, the provider should send again: nothing was kept. */
function notKept(cause: unknown): FrontdeskError {
  return new FrontdeskError('unavailable', {
    publicMessage: 'The ledger can’t take this now. Send it again.',
    detail: cause instanceof Error ? cause.message : String(cause),
    cause,
    retryAfterMs: 1_000,
  })
}
