import { type EventId, eventIdToBytes, parseEventId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { SQL } from 'drizzle-orm'
import { and, eq, lt, lte, or, sql } from 'drizzle-orm'
import { inbox } from './tables.ts'

interface DeadLetterPosition {
  readonly diedAt: Date
  readonly handler: string
  readonly eventId: EventId
  readonly revision: number
}

/** Where a page of dead letters ended, as an opaque text. */
export function cursorOf({ diedAt, handler, eventId, revision }: DeadLetterPosition): string {
  return Buffer.from(JSON.stringify([diedAt.getTime(), handler, eventId, revision])).toString('base64url')
}

/** Selects what comes after the cursor, newest first; the outer bound is what the index understands. */
export function afterCursor(cursor: string): SQL | undefined {
  const { diedAt, handler, eventId, revision } = parse(cursor)
  const laterInTie = sql`(${inbox.handler}, ${inbox.eventId}, ${inbox.revision}) < (${handler}, ${eventIdToBytes(eventId)}, ${revision})`
  return and(lte(inbox.handledAt, diedAt), or(lt(inbox.handledAt, diedAt), and(eq(inbox.handledAt, diedAt), laterInTie)))
}

function parse(cursor: string) {
  const fields = fieldsOf(cursor)
  const [diedAtMs, handler, id, revision] = fields
  const eventId = typeof id === 'string' ? parseEventId(id) : undefined
  if (typeof diedAtMs !== 'number' || typeof handler !== 'string' || !eventId || typeof revision !== 'number') {
    throw new FrontdeskError('invalid_argument', { publicMessage: 'page_token is not one that a list of dead letters gave.' })
  }
  return { diedAt: new Date(diedAtMs), handler, eventId, revision }
}

function fieldsOf(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
