import { streamOf } from '@frontdesk/bus'
import { eventIdToBytes } from '@frontdesk/contracts'
import {
  inFewLengths,
  type SqlResult,
  type SqlStatement,
  type SqlValue,
  textByLength,
  type Transaction,
  sqlTuples,
} from '@frontdesk/database'
import { context } from '@opentelemetry/api'
import { carrierOf } from './event-spans.ts'
import type { NewEvent } from './events.ts'
import type { PendingRow } from './pending-row.ts'
import { messageOf } from './pending-row.ts'
import { sqlInstant } from './sql.ts'

interface AppendOptions {
  readonly source: string
  readonly sweepAgeMs: number
  readonly clock: () => Date
  /** Takes the rows once they are committed; must not throw. */
  readonly afterCommit: (rows: readonly PendingRow[]) => void
}

/** What most events have; the further ones belong to those of a company, or that another caused, and an ingress's have none of them. */
const plainColumns = [
  'event_id',
  'revision',
  'event_type',
  'subject',
  'entity_id',
  'correlation_id',
  'traceparent',
  'body',
  'occurred_at',
  'created_at',
  'next_attempt_at',
  // Known already: the mark then changes no column's length, and the row stays where it is.
  'stream',
] as const
const furtherColumns = ['company_id', 'confidence', 'causation_id', 'tracestate'] as const
const textFor = (columns: readonly string[]) =>
  textByLength((rows) => `insert into outbox (${columns.join(', ')}) values ${sqlTuples(rows, columns.length)}`)
const plainText = textFor(plainColumns)
const fullText = textFor([...plainColumns, ...furtherColumns])
const rowsPerStatement = 128
/** Far under max_allowed_packet (16 MB), which one large row must not exhaust for the others. */
const bytesPerStatement = 4 * 1024 * 1024

/** Events as the statements that insert them, for who commits statements in one go. */
export interface PreparedAppend {
  readonly statements: readonly SqlStatement[]
  /** Takes the statements' results once they are committed, and has the events published. */
  committed(results: readonly SqlResult[]): void
}

const idStepStatement: SqlStatement = { sql: 'select @@auto_increment_increment as step', params: [] }

/** The append of an outbox: set-based inserts, and the relay once they are committed. */
export function createPrepareAppend(options: AppendOptions): (events: readonly NewEvent[]) => PreparedAppend {
  const { source, sweepAgeMs, clock, afterCommit } = options
  let knownStep: bigint | undefined

  function insertOf(events: readonly NewEvent[], createdAt: string, sweepableAt: string): SqlStatement {
    const isPlain = events.every(
      ({ companyId, confidence, causationId, trace }) => (companyId ?? confidence ?? causationId ?? trace?.['tracestate']) === undefined,
    )
    const params: SqlValue[] = []
    for (const event of events) {
      params.push(
        eventIdToBytes(event.id),
        event.revision,
        event.type,
        event.subject,
        event.entityId,
        event.correlationId,
        event.trace?.['traceparent'] ?? null,
        event.body,
        sqlInstant(event.occurredAt),
        createdAt,
        sweepableAt,
        streamOf(event.subject) ?? null,
      )
      if (!isPlain) {
        params.push(event.companyId ?? null, event.confidence ?? null, event.causationId ?? null, event.trace?.['tracestate'] ?? null)
      }
    }
    return { sql: (isPlain ? plainText : fullText)(events.length), params }
  }

  return (events) => {
    if (events.length === 0) return { statements: [], committed: () => undefined }
    const createdAt = clock()
    const sweepableAt = new Date(createdAt.getTime() + sweepAgeMs)
    const here = carrierOf(context.active())
    const groups = groupsOf(events.map((event) => withUsableTrace(event, here)))
    const inserts = groups.map((group) => insertOf(group, sqlInstant(createdAt), sqlInstant(sweepableAt)))
    return {
      statements: knownStep === undefined ? [...inserts, idStepStatement] : inserts,
      committed(results) {
        // InnoDB numbers the rows of one such insert without a gap, in every auto-increment lock mode.
        const step = (knownStep ??= BigInt(Number(results.at(-1)?.rows[0]?.['step'] ?? 1)))
        const rowOf = (event: NewEvent, id: bigint) => ({
          id,
          sweepableAtMs: sweepableAt.getTime(),
          attempts: 0,
          message: messageOf(event, source),
        })
        afterCommit(
          groups.flatMap((group, at) => group.map((event, index) => rowOf(event, (results[at]?.insertId ?? 0n) + BigInt(index) * step))),
        )
      },
    }
  }
}

/** The append in a caller's transaction, in one round trip. */
export function createAppend(options: AppendOptions): (tx: Transaction, events: readonly NewEvent[]) => Promise<void> {
  const prepare = createPrepareAppend(options)
  return async (tx, events) => {
    const prepared = prepare(events)
    if (prepared.statements.length === 0) return
    const results = await tx.executeAll(prepared.statements)
    tx.afterCommit(() => prepared.committed(results))
  }
}

/** A trace state too long for its column is left out, as W3C Trace Context allows: no event fails for its tracing. */
function withUsableTrace(event: NewEvent, here: Record<string, string>): NewEvent {
  const { traceparent, tracestate } = event.trace ?? here
  if (traceparent === undefined || traceparent.length > 64) return { ...event, trace: {} }
  return { ...event, trace: { traceparent, ...(tracestate !== undefined && tracestate.length <= 512 && { tracestate }) } }
}

/** At most 128 rows and 4 MB each, in few sizes, whose statements a connection prepares once; a row that only filled one up would be published. */
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
  return groups.flatMap((group) => inFewLengths(group, rowsPerStatement))
}
