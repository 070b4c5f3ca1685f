import type { EventId } from '@frontdesk/contracts'
import { eventIdToBytes } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import { and, desc, eq, sql } from 'drizzle-orm'
import { afterCursor, cursorOf } from './dead-letter-cursor.ts'
import { inbox } from './tables.ts'

/** Which handler's letter about which event. */
export interface DeadLetterKey {
  readonly handler: string
  readonly eventId: EventId
  readonly revision: number
}

/** A dead letter as an operator sees it; `payload` is the event's body, and `eventType` `undecodable` if it was no event. */
export interface DeadLetterRow extends DeadLetterKey {
  readonly eventType: string
  readonly error: string
  readonly attempts: number
  readonly diedAt: Date
  readonly payload: Uint8Array
}

/** Some dead letters, and the cursor of those before them if there are any. */
export interface DeadLetterPage {
  readonly deadLetters: DeadLetterRow[]
  readonly next?: string
}

/** What one answer carries at most, well under the largest message of an RPC (4 MB). */
const bytesPerPage = 2 * 1024 * 1024

const letterColumns = {
  handler: inbox.handler,
  eventId: inbox.eventId,
  revision: inbox.revision,
  eventType: inbox.eventType,
  error: inbox.error,
  attempts: inbox.attempts,
  diedAt: inbox.handledAt,
}

/**
 * Dead letters, newest first, at most `limit` and 2 MB of payloads (or one that is larger); no other payload is read.
 * @throws FrontdeskError `invalid_argument` if `before` is not a cursor of ours.
 */
export async function listDeadLetters(database: Database, options: { limit: number; before?: string }): Promise<DeadLetterPage> {
  const { limit, before } = options
  const found = await database.orm
    .select({ ...letterColumns, bytes: sql`coalesce(length(${inbox.payload}), 0)`.mapWith(Number) })
    .from(inbox)
    .where(and(eq(inbox.outcome, 'dead'), before === undefined ? undefined : afterCursor(before)))
    .orderBy(desc(inbox.handledAt), desc(inbox.handler), desc(inbox.eventId), desc(inbox.revision))
    .limit(limit + 1)
  const page = found.slice(0, fitting(found.slice(0, limit)))
  const payloads = await readPayloads(database, page)
  const deadLetters = page.flatMap(({ bytes: _bytes, error, ...letter }): DeadLetterRow[] => {
    const payload = payloads.get(textOf(letter))
    // One without was redriven since the first look.
    return payload ? [{ ...letter, error: error ?? '', payload }] : []
  })
  const last = page.at(-1)
  return { deadLetters, ...(last && page.length < found.length && { next: cursorOf(last) }) }
}

async function readPayloads(database: Database, keys: readonly DeadLetterKey[]): Promise<Map<string, Uint8Array>> {
  if (keys.length === 0) return new Map()
  const tuples = padded(keys).map((key) => sql`(${key.handler}, ${eventIdToBytes(key.eventId)}, ${key.revision})`)
  const rows = await database.orm
    .select({ handler: inbox.handler, eventId: inbox.eventId, revision: inbox.revision, payload: inbox.payload })
    .from(inbox)
    .where(and(sql`(${inbox.handler}, ${inbox.eventId}, ${inbox.revision}) in (${sql.join(tuples, sql`, `)})`, eq(inbox.outcome, 'dead')))
  return new Map(rows.map((row) => [textOf(row), row.payload ?? new Uint8Array()]))
}

function textOf({ handler, eventId, revision }: DeadLetterKey): string {
  return `${handler} ${eventId} ${revision}`
}

/** How many letters fit a page; at least the first. */
function fitting(letters: readonly { readonly bytes: number }[]): number {
  let bytes = 0
  const tooMuch = letters.findIndex((letter, index) => (bytes += letter.bytes) > bytesPerPage && index > 0)
  return tooMuch === -1 ? letters.length : tooMuch
}
