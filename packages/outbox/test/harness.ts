import type { Bus, ReceivedEvent } from '@frontdesk/bus'
import { connectBus } from '@frontdesk/bus'
import type { Database, Transaction } from '@frontdesk/database'
import { openDatabase, withTransaction } from '@frontdesk/database'
import type { TestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { eq } from 'drizzle-orm'
import { bigint, mysqlTable, varbinary } from 'drizzle-orm/mysql-core'
import { createAppend } from '../src/append.ts'
import type { EventHandlerOptions } from '../src/event-handler.ts'
import { createEventHandler } from '../src/event-handler.ts'
import type { NewEvent } from '../src/events.ts'
import { oneByOne } from '../src/one-by-one.ts'
import type { Outbox } from '../src/outbox.ts'
import { brokerMarks, inbox, outbox } from '../src/tables.ts'
import { createTables } from './tables-ddl.ts'

/** What a test's handler does: a row for each event it handled, with no key that would hide a second one. */
export const effects = mysqlTable('effects', {
  id: bigint('id', { mode: 'number' }).autoincrement().primaryKey(),
  eventKey: varbinary('event_key', { length: 80 }).notNull(),
  note: varbinary('note', { length: 80 }),
})

export interface Harness extends AsyncDisposable {
  readonly url: string
  readonly database: Database
  readonly telemetry: TestTelemetry
  /** The keys of all effects, in the order in which they were made. */
  effects(): Promise<string[]>
  outboxRows(): Promise<(typeof outbox.$inferSelect)[]>
  inboxRows(): Promise<(typeof inbox.$inferSelect)[]>
  /** A handler whose effect is one row for each event; its outbox is never published. */
  handler(options?: Partial<EventHandlerOptions>): ReturnType<typeof createEventHandler>
  /** An outbox whose relay never runs, as if its process had died at each commit. */
  readonly unpublished: Pick<Outbox, 'append'>
}

export async function startHarness(options: { poolSize?: number } = {}): Promise<Harness> {
  const { url, ...testDatabase } = await createTestDatabase()
  const telemetry = createTestTelemetry()
  const database = openAnother(url, telemetry, options.poolSize)
  await createTables(url, [outbox, inbox, brokerMarks, effects], telemetry)
  const unpublished = {
    append: createAppend({ source: 'frontdesk/test', sweepAgeMs: 5_000, clock: () => new Date(), afterCommit: () => undefined }),
  }

  return {
    url,
    database,
    telemetry,
    unpublished,
    effects: async () => (await database.orm.select().from(effects).orderBy(effects.id)).map((row) => row.eventKey),
    outboxRows: () => database.orm.select().from(outbox).orderBy(outbox.id),
    inboxRows: () => database.orm.select().from(inbox).orderBy(inbox.handler, inbox.eventId, inbox.revision),
    handler: (given = {}) =>
      createEventHandler({
        database,
        telemetry,
        outbox: unpublished,
        name: 'test-handler',
        types: ['frontdesk.call.analyzed.v1'],
        handle: oneByOne(recordEffect),
        ...given,
      }),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await testDatabase[Symbol.asyncDispose]()
      await telemetry[Symbol.asyncDispose]()
    },
  }
}

export function openAnother(url: string, telemetry: TestTelemetry, poolSize = 10): Database {
  return openDatabase({ url, poolSize, companyTables: new Set(), telemetry })
}

export function keyOf({ envelope }: Pick<ReceivedEvent, 'envelope'>): string {
  return `${envelope.id}.${envelope.revision}`
}

export async function recordEffect(tx: Transaction, event: ReceivedEvent): Promise<NewEvent[]> {
  await tx.orm.insert(effects).values({ eventKey: keyOf(event) })
  return []
}

export function append(database: Database, outboxOf: Pick<Outbox, 'append'>, events: readonly NewEvent[]): Promise<void> {
  return withTransaction(database, (tx) => outboxOf.append(tx, events))
}

/** The row of one event. */
export async function outboxRow(database: Database, event: NewEvent): Promise<typeof outbox.$inferSelect | undefined> {
  const [row] = await database.orm.select().from(outbox).where(eq(outbox.eventId, event.id))
  return row
}

/** A bus whose broker will never come. */
export function busWithoutBroker(telemetry: TestTelemetry): Bus {
  return connectBus({ servers: 'nats://127.0.0.1:1', name: 'test', telemetry })
}

/** Every message of a stream, by consuming it from its first on. */
export async function messagesIn(bus: Bus, stream: string): Promise<{ subject: string; id: string; header: (name: string) => string }[]> {
  const manager = await bus.manager()
  const { state } = await manager.streams.info(stream)
  const sequences = Array.from({ length: state.messages }, (_, index) => state.first_seq + index)
  const messages = await Promise.all(sequences.map((seq) => manager.streams.getMessage(stream, { seq })))
  return messages.flatMap((message) =>
    message ? [{ subject: message.subject, id: message.header.get('ce-id'), header: (name: string) => message.header.get(name) }] : [],
  )
}
