import type { EventId, GetTimelineResponse, HandledEvent, ProducedEvent } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import { and, asc, inArray } from 'drizzle-orm'
import { type AppendedEvent, rowsOf } from './appended.ts'
import { inbox, outbox } from './tables.ts'

/** Where a timeline is read from. */
export interface TimelineOptions {
  readonly database: Database
  /** Of all handlers: the inbox's key begins with them, and so needs no index by event. */
  readonly handlerNames: readonly string[]
  /** Every revision of the events and when it was appended, of a service whose outbox has no index by correlation. */
  readonly appended: ((ids: readonly EventId[]) => Promise<readonly AppendedEvent[]>) | undefined
}

const producedMax = 500

/** What one service knows of events: who handled them, and what it let out on their account. */
export async function readTimeline(options: TimelineOptions, ids: readonly EventId[]): Promise<GetTimelineResponse> {
  const [handled, produced] = await Promise.all([readHandled(options, ids), readProduced(options, ids)])
  return { handled, produced }
}

async function readHandled({ database, handlerNames }: TimelineOptions, ids: readonly EventId[]): Promise<HandledEvent[]> {
  if (handlerNames.length === 0) return []
  const rows = await handlingsOf(database.orm, handlerNames, ids)
  return rows.map(({ error, ...row }) => ({ ...row, error: error ?? '' }))
}

export function handlingsOf(orm: Database['orm'], handlerNames: readonly string[], ids: readonly EventId[]) {
  return orm
    .select({
      handler: inbox.handler,
      eventId: inbox.eventId,
      revision: inbox.revision,
      eventType: inbox.eventType,
      outcome: inbox.outcome,
      attempts: inbox.attempts,
      handledAt: inbox.handledAt,
      error: inbox.error,
    })
    .from(inbox)
    .where(and(inArray(inbox.handler, [...handlerNames]), inArray(inbox.eventId, padded(ids))))
    .orderBy(asc(inbox.handledAt))
}

const producedColumns = {
  eventId: outbox.eventId,
  revision: outbox.revision,
  eventType: outbox.eventType,
  subject: outbox.subject,
  entityId: outbox.entityId,
  companyId: outbox.companyId,
  correlationId: outbox.correlationId,
  causationId: outbox.causationId,
  createdAt: outbox.createdAt,
  publishedAt: outbox.publishedAt,
  stream: outbox.stream,
  streamSeq: outbox.streamSeq,
  attempts: outbox.attempts,
  lastError: outbox.lastError,
}

export function producedOf(orm: Database['orm'], ids: readonly EventId[]) {
  return orm
    .select(producedColumns)
    .from(outbox)
    .where(inArray(outbox.correlationId, padded(ids)))
    .limit(producedMax)
}

async function readProduced({ database, appended }: TimelineOptions, ids: readonly EventId[]): Promise<ProducedEvent[]> {
  const rows = appended ? await appendedThen(database, await appended(ids)) : await producedOf(database.orm, ids)
  return rows
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
    .map(({ companyId, causationId, publishedAt, stream, streamSeq, attempts, lastError, ...row }) => ({
      ...row,
      companyId: companyId ?? '',
      causationId: causationId ?? '',
      publishedAt: publishedAt ?? undefined,
      stream: (publishedAt && stream) ?? '',
      streamSequence: streamSeq ?? 0n,
      failures: attempts,
      lastError: lastError ?? '',
    }))
}

async function appendedThen(database: Database, events: readonly AppendedEvent[]) {
  const rows = await rowsOf(database, events)
  if (rows.length === 0) return []
  const rowIds = rows.map(({ id }) => id)
  return database.orm
    .select(producedColumns)
    .from(outbox)
    .where(inArray(outbox.id, padded(rowIds)))
}
