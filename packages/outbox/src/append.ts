import { eventIdToBytes } from '@frontdesk/contracts'
import { type SqlValue, textByLength, type Transaction } from '@frontdesk/database'
import { context } from '@opentelemetry/api'
import { carrierOf } from './event-spans.ts'
import type { NewEvent } from './events.ts'
import type { PendingRow } from './pending-row.ts'
import { messageOf } from './pending-row.ts'
import { sqlInstant, sqlTuples } from './sql.ts'

interface AppendOptions {
  readonly source: string
  readonly sweepAgeMs: number
  readonly clock: () => Date
  /** Takes the rows once they are committed; must not throw. */
  readonly afterCommit: (rows: readonly PendingRow[]) => void
}

const columns = [
  'event_id',
  'revision',
  'event_type',
  'subject',
  'entity_id',
  'company_id',
  'confidence',
  'correlation_id',
  'causation_id',
  'traceparent',
  'tracestate',
  'body',
  'occurred_at',
  'created_at',
  'next_attempt_at',
] as const
const insertText = textByLength((rows) => `insert into outbox (${columns.join(', ')}) values ${sqlTuples(rows, columns.length)}`)
const rowsPerStatement = 64
/** Far under max_allowed_packet (16 MB), which one large row must not exhaust for the others. */
const bytesPerStatement = 4 * 1024 * 1024

/** The append of an outbox: set-based inserts in the caller's transaction, and the relay once it has committed. */
export function createAppend(options: AppendOptions): (tx: Transaction, events: readonly NewEvent[]) => Promise<void> {
  const { source, sweepAgeMs, clock, afterCommit } = options
  let idStep: Promise<bigint> | undefined

  async function insert(tx: Transaction, events: readonly NewEvent[], createdAt: Date, sweepableAt: Date): Promise<PendingRow[]> {
    const created = sqlInstant(createdAt)
    const sweepable = sqlInstant(sweepableAt)
    const params = events.flatMap((event): SqlValue[] => [
      eventIdToBytes(event.id),
      event.revision,
      event.type,
      event.subject,
      event.entityId,
      event.companyId ?? null,
      event.confidence ?? null,
      event.correlationId,
      event.causationId ?? null,
      event.trace?.['traceparent'] ?? null,
      event.trace?.['tracestate'] ?? null,
      event.body,
      sqlInstant(event.occurredAt),
      created,
      sweepable,
    ])
    const { insertId } = await tx.execute(insertText(events.length), params)
    // InnoDB numbers the rows of one such insert without a gap, in every auto-increment lock mode.
    const step = events.length > 1 ? await (idStep ??= readIdStep(tx)) : 1n
    return events.map((event, index) => ({
      id: insertId + BigInt(index) * step,
      sweepableAtMs: sweepableAt.getTime(),
      attempts: 0,
      message: messageOf(event, source),
    }))
  }

  async function readIdStep(tx: Transaction): Promise<bigint> {
    try {
      const { rows } = await tx.execute('select @@auto_increment_increment as step', [])
      return BigInt(Number(rows[0]?.['step'] ?? 1))
    } catch (error) {
      idStep = undefined
      throw error
    }
  }

  return async (tx, events) => {
    if (events.length === 0) return
    const createdAt = clock()
    const sweepableAt = new Date(createdAt.getTime() + sweepAgeMs)
    const here = carrierOf(context.active())
    const traced = events.map((event) => withUsableTrace(event, here))
    const rows: PendingRow[] = []
    for (const group of groupsOf(traced)) {
      // One connection, one statement after the other.
      rows.push(...(await insert(tx, group, createdAt, sweepableAt)))
    }
    tx.afterCommit(() => afterCommit(rows))
  }
}

/** A trace state too long for its column is left out, as W3C Trace Context allows: no event fails for its tracing. */
function withUsableTrace(event: NewEvent, here: Record<string, string>): NewEvent {
  const { traceparent, tracestate } = event.trace ?? here
  if (traceparent === undefined || traceparent.length > 64) return { ...event, trace: {} }
  return { ...event, trace: { traceparent, ...(tracestate !== undefined && tracestate.length <= 512 && { tracestate }) } }
}

/** At most 64 rows and 4 MB each: so many statements a connection prepares, each once; a row that only filled one up would be published. */
function groupsOf(events: readonly NewEvent[]): NewEvent[][] {
  const groups: NewEvent[][] = []
  let bytes = Infinity
  for (const event of events) {
    const group = groups.at(-1)
    bytes += event.body.length
    if (group && group.length < rowsPerStatement && bytes <= bytesPerStatement) {
      group.push(event)
    } else {
      groups.push([event])
      bytes = event.body.length
    }
  }
  return groups
}
