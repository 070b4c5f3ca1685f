import { type EventId, ingressSubject } from '@frontdesk/contracts'
import { commitStatements, type Database, isDuplicateKey, type Transaction, withTransaction } from '@frontdesk/database'
import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import type { NewEvent, Outbox } from '@frontdesk/outbox'
import type { NormalizedEvent } from '@frontdesk/providers'
import { injectTrace, type Logger } from '@frontdesk/telemetry'
import type { Ledger, VerifiedDelivery } from '../app/ports.ts'
import type { Acceptance, Delivery } from '../domain/delivery.ts'
import { createGroupCommit } from './group-commit.ts'
import { createKeptIds } from './kept-ids.ts'
import { type Candidate, claimNew, insertDeliveries, insertEvents, renewClaim } from './ledger-rows.ts'

const mib = 1024 * 1024
/** Minutes of a busy ingress, in 32 MiB. */
const idsRemembered = 1_048_576

/** So many groups claim at once after one that held an event of before: where one came that is not remembered, others will. */
const groupsClaimed = 16

interface Kept {
  readonly delivery: VerifiedDelivery
  readonly events: readonly NormalizedEvent[]
  /** W3C headers of the request, which its events carry on; the group's commit belongs to no request. */
  readonly trace: Record<string, string>
}

interface Traced extends Candidate {
  readonly trace: Record<string, string>
}

/** The ledger on MySQL. Its `idle` resolves when no commit is under way. */
export function createLedger(database: Database, outbox: Outbox, logger: Logger): Ledger & { idle(): Promise<void> } {
  const known = createKeptIds(idsRemembered)
  const commitGroup = createCommitGroup(database, outbox)
  const group = createGroupCommit<Kept, number>({
    async commit(kept) {
      try {
        return await commitGroup(kept)
      } catch (error) {
        // It may come back as another server that does not have all of what this one had.
        if (isFrontdeskError(error, 'unavailable')) known.clear()
        throw error
      }
    },
    // What passes by itself is nobody's fault: a database that is away is away for every member.
    worthSplitting: (error) => !(isFrontdeskError(error) && error.retryable),
    maxItems: 256,
    // At half of the most that an ingress can do a group would else be of two or three, and cost as much as one of twenty.
    gather: { ms: 5, items: 24 },
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
        // What is known to be there needs no round trip, and would have all of its group look for the others that are.
        const unknown = normalized.filter(({ id }) => !known.has(id))
        const accepted =
          unknown.length > 0 ? await group.submit({ item: { delivery, events: unknown, trace }, bytes: bytesOf(delivery, unknown) }) : 0
        for (const { id } of unknown) known.add(id)
        const acceptance = { accepted, duplicates: normalized.length - accepted }
        report(logger, delivery, normalized, acceptance, performance.now() - begun)
        return acceptance
      } catch (error) {
        throw isFrontdeskError(error, 'unavailable') ? error : notKept(error)
      }
    },
    idle: () => group.idle(),
  }
}

/** What a delivery takes of its group: the body twice, as it came and in the statement's packet, and a row in two tables for each event. */
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

/** Gives the number of events of each member that are new. In two round trips where all are, which they mostly are. */
function createCommitGroup(database: Database, outbox: Outbox): (group: readonly Kept[]) => Promise<number[]> {
  let groupsToClaim = 0

  async function commitFresh(candidates: readonly Traced[]): Promise<readonly Traced[]> {
    if (groupsToClaim === 0) {
      try {
        await commitAllNew(database, outbox, candidates)
        return candidates
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
      }
    }
    const fresh = await withTransaction(database, (tx) => commitNew(tx, outbox, candidates))
    groupsToClaim = fresh.length < candidates.length ? groupsClaimed : Math.max(0, groupsToClaim - 1)
    return fresh
  }

  return async (group) => {
    const fresh = await commitFresh(firstOfEachId(group))
    const accepted = new Map<Delivery, number>()
    for (const { delivery } of fresh) accepted.set(delivery, (accepted.get(delivery) ?? 0) + 1)
    return group.map(({ delivery }) => accepted.get(delivery) ?? 0)
  }
}

/** @throws what isDuplicateKey tells, where one was there before, and then nothing is kept. */
async function commitAllNew(database: Database, outbox: Outbox, candidates: readonly Traced[]): Promise<void> {
  const append = outbox.prepareAppend(candidates.map(toNewEvent))
  const rows = [...insertEvents(candidates), ...insertDeliveries(deliveriesOf(candidates))]
  const results = await commitStatements(database, [...rows, ...append.statements])
  append.committed(results.slice(rows.length))
}

/** Gives those that were not there before. */
async function commitNew(tx: Transaction, outbox: Outbox, candidates: readonly Traced[]): Promise<Traced[]> {
  const claimed = await claimNew(tx, candidates)
  const fresh = candidates.filter(({ event }) => claimed.has(event.id))
  const [known] = candidates
  if (known && fresh.length === 0) await renewClaim(tx, known)
  const append = outbox.prepareAppend(fresh.map(toNewEvent))
  const rows = insertDeliveries(deliveriesOf(fresh))
  const results = await tx.executeAll([...rows, ...append.statements])
  tx.afterCommit(() => append.committed(results.slice(rows.length)))
  return fresh
}

const deliveriesOf = (candidates: readonly Traced[]) => [...new Set(candidates.map(({ delivery }) => delivery))]

/** Sorted by id, so that two groups take their locks in the same order and seldom deadlock. */
function firstOfEachId(group: readonly Kept[]): Traced[] {
  const first = new Map<EventId, Traced>()
  for (const { delivery, events: normalized, trace } of group) {
    for (const event of normalized) if (!first.has(event.id)) first.set(event.id, { delivery, event, trace })
  }
  return [...first.values()].toSorted((a, b) => (a.event.id < b.event.id ? -1 : 1))
}

function toNewEvent({ delivery, event, trace }: Traced): NewEvent {
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
