import type { CompanyId, EventType } from '@frontdesk/contracts'
import { bytesText, eventId, instant, json, mediumBytes } from '@frontdesk/database'
import { bigint, double, index, int, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'

/** What an inbox row is about: an event of the catalogue, or a message that could not be read as any. */
export type InboxEventType = EventType | 'undecodable'

const wide = (name: string) => bigint(name, { mode: 'bigint', unsigned: true })

const outboxColumns = () => ({
  id: wide('id').autoincrement().primaryKey(),
  eventId: eventId('event_id').notNull(),
  revision: int('revision', { unsigned: true }).notNull(),
  eventType: bytesText('event_type', 96).$type<EventType>().notNull(),
  subject: bytesText('subject', 255).notNull(),
  entityId: bytesText('entity_id', 1024).notNull(),
  companyId: bytesText('company_id', 40).$type<CompanyId>(),
  confidence: double('confidence'),
  correlationId: bytesText('correlation_id', 255).notNull(),
  causationId: bytesText('causation_id', 255),
  traceparent: bytesText('traceparent', 64),
  tracestate: bytesText('tracestate', 512),
  body: mediumBytes('body').notNull(),
  occurredAt: instant('occurred_at').notNull(),
  createdAt: instant('created_at').notNull(),
  publishedAt: instant('published_at'),
  /** Where it belongs; it stands there once it has a sequence. */
  stream: bytesText('stream', 64),
  /** Null until the broker has it, 0 once it stands nowhere any more. */
  streamSeq: wide('stream_seq'),
  attempts: int('attempts', { unsigned: true }).notNull().default(0),
  /** From when on the sweeper may publish it: first after the relay's turn, then backing off. */
  nextAttemptAt: instant('next_attempt_at').notNull(),
  lastError: bytesText('last_error', 255),
})

/** Those that wait for the broker by when they are due, and behind them all others by where a refill looks for them. */
const positionIndex = 'outbox_position'
/** Where most rows are of one stream a server may else read all of them and sort. */
export const byPosition = { forceIndex: [positionIndex] }

/**
 * Every event that leaves a service, committed with the change that caused it. Names are VARBINARY,
 * since a text collation takes different ids for equal ones. `keepRoomForMarks` gives it its row format.
 */
export const outbox = mysqlTable('outbox', outboxColumns(), (table) => [
  index(positionIndex).on(table.stream, table.streamSeq, table.nextAttemptAt),
  // What came of an event, for its timeline.
  index('outbox_by_correlation').on(table.correlationId),
])

/** A row with all that it takes to publish it, also again. */
export type OutboxRow = typeof outbox.$inferSelect

/**
 * The same table for a service whose every request is a row of it, and that knows when it appended an event: an index
 * on a hash costs a page anywhere in it for each row, so there a timeline finds the row by its time.
 */
export const outboxByTime = mysqlTable('outbox', outboxColumns(), (table) => [
  index(positionIndex).on(table.stream, table.streamSeq, table.nextAttemptAt),
])

/** What a service last saw of the broker, against which it is held: one row for a stream it publishes to and for a durable of its own. */
export const brokerMarks = mysqlTable('broker_marks', {
  name: bytesText('name', 128).primaryKey(),
  state: json('state').notNull(),
  markedAt: instant('marked_at').notNull(),
})

/** Every event that a handler has taken: done, or dead with what a redrive needs. */
export const inbox = mysqlTable(
  'inbox',
  {
    handler: bytesText('handler', 64).notNull(),
    eventId: eventId('event_id').notNull(),
    revision: int('revision', { unsigned: true }).notNull(),
    /** Names the transaction that inserted the row, and so tells its rows from those that were there before. */
    claim: wide('claim').notNull(),
    outcome: bytesText('outcome', 8).$type<'done' | 'dead'>().notNull(),
    eventType: bytesText('event_type', 96).$type<InboxEventType>().notNull(),
    companyId: bytesText('company_id', 40).$type<CompanyId>(),
    attempts: int('attempts', { unsigned: true }).notNull(),
    handledAt: instant('handled_at').notNull(),
    /** These three of a dead letter alone: envelope (or headers) and subject in JSON, the body, why it died. */
    envelope: mediumBytes('envelope'),
    payload: mediumBytes('payload'),
    error: bytesText('error', 2048),
  },
  (table) => [
    primaryKey({ columns: [table.handler, table.eventId, table.revision] }),
    index('inbox_outcome').on(table.outcome, table.handledAt),
  ],
)
