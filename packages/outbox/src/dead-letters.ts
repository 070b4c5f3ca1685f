import type { ReceivedEvent } from '@frontdesk/bus'
import type { EventId } from '@frontdesk/contracts'
import { eventIdToBytes, newClaim } from '@frontdesk/contracts'
import type { Database, SqlValue } from '@frontdesk/database'
import { withTransaction } from '@frontdesk/database'
import { and, desc, eq } from 'drizzle-orm'
import { afterCursor, cursorOf } from './dead-letter-cursor.ts'
import { clipped, sqlInstant, sqlTuples } from './sql.ts'
import { packEvent } from './stored-event.ts'
import { inbox } from './tables.ts'

/** Which handler's letter about which event. */
export interface DeadLetterKey {
  readonly handler: string
  readonly eventId: EventId
  readonly revision: number
}

/** A dead letter as an operator sees it; `payload` is the event's body. */
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

/** An event that its handler has given up, and why. */
export interface DeadEvent {
  readonly event: ReceivedEvent
  readonly error: Error
}

const rowsPerStatement = 8
/** What one answer carries at most, well under the largest message of an RPC (4 MB). */
const bytesPerPage = 2 * 1024 * 1024

/** Why an event died, as a person reads it: the kinds and messages of the error and of what caused it. */
export function describeError(error: Error): string {
  const cause = error.cause instanceof Error ? `; caused by ${describeError(error.cause)}` : ''
  return clipped(`${error.name}: ${error.message}${cause}`, 2048)
}

/** Commits dead letters as inbox rows, so that nothing runs their events again but a redrive; what was handled meanwhile stays handled. */
export async function buryEvents(database: Database, handler: string, dead: readonly DeadEvent[], now: Date): Promise<void> {
  const claim = newClaim().toString()
  const rows = dead.map(({ event, error }): SqlValue[] => [
    handler,
    eventIdToBytes(event.envelope.id),
    event.envelope.revision,
    claim,
    event.envelope.type,
    event.envelope.companyId ?? null,
    event.deliveryCount,
    sqlInstant(now),
    packEvent(event),
    event.body,
    describeError(error),
  ])
  await withTransaction(database, async (tx) => {
    for (let start = 0; start < rows.length; start += rowsPerStatement) {
      const group = rows.slice(start, start + rowsPerStatement)
      // One connection; eight bodies a packet.
      await tx.execute(
        `insert into inbox (handler, event_id, revision, claim, event_type, company_id, attempts, handled_at, envelope, payload, error, outcome)
         values ${sqlTuples(group.length, 11, "'dead'")} on duplicate key update claim = claim`,
        group.flat(),
      )
    }
  })
}

/**
 * Dead letters, newest first, at most `limit` and 2 MB of payloads.
 * @throws FrontdeskError `invalid_argument` if `before` is not a cursor of ours.
 */
export async function listDeadLetters(database: Database, options: { limit: number; before?: string }): Promise<DeadLetterPage> {
  const { limit, before } = options
  const rows = await database.orm
    .select()
    .from(inbox)
    .where(and(eq(inbox.outcome, 'dead'), before === undefined ? undefined : afterCursor(before)))
    .orderBy(desc(inbox.handledAt), desc(inbox.handler), desc(inbox.eventId), desc(inbox.revision))
    .limit(limit + 1)
  const letters = rows.map(({ handler, eventId, revision, eventType, error, attempts, handledAt, payload }): DeadLetterRow => ({
    handler,
    eventId,
    revision,
    eventType,
    error: error ?? '',
    attempts,
    diedAt: handledAt,
    payload: payload ?? new Uint8Array(),
  }))
  const deadLetters = letters.slice(0, fitting(letters.slice(0, limit)))
  const last = deadLetters.at(-1)
  return { deadLetters, ...(last && deadLetters.length < letters.length && { next: cursorOf(last) }) }
}

/** How many letters fit a page; at least the first. */
function fitting(letters: readonly DeadLetterRow[]): number {
  let bytes = 0
  const tooMuch = letters.findIndex((letter, index) => (bytes += letter.payload.length) > bytesPerPage && index > 0)
  return tooMuch === -1 ? letters.length : tooMuch
}
