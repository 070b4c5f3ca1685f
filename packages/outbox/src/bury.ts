import type { ReceivedEvent } from '@frontdesk/bus'
import type { CompanyId, EventId } from '@frontdesk/contracts'
import { eventIdToBytes, newClaim } from '@frontdesk/contracts'
import type { Database, SqlValue } from '@frontdesk/database'
import { withTransaction, sqlTuples } from '@frontdesk/database'
import { clipped, sqlInstant } from './sql.ts'
import { packEvent } from './stored-event.ts'
import type { InboxEventType } from './tables.ts'

/** An event that its handler has given up, and why. */
export interface DeadEvent {
  readonly event: ReceivedEvent
  readonly error: Error
}

/** A dead letter as its inbox row has it. */
export interface Letter {
  readonly eventId: EventId
  readonly revision: number
  readonly eventType: InboxEventType
  readonly companyId?: CompanyId | undefined
  readonly attempts: number
  /** What else a redrive or a person needs, in JSON. */
  readonly packed: Uint8Array
  readonly payload: Uint8Array
  readonly error: Error
}

const rowsPerStatement = 8

/** Why an event died, as a person reads it: the kinds and messages of the error and of what caused it. */
export function describeError(error: Error): string {
  const cause = error.cause instanceof Error ? `; caused by ${describeError(error.cause)}` : ''
  return clipped(`${error.name}: ${error.message}${cause}`, 2048)
}

/** Commits dead letters, so that nothing runs their events again but a redrive. */
export async function buryEvents(database: Database, handler: string, dead: readonly DeadEvent[], now: Date): Promise<void> {
  const letters = dead.map(({ event, error }): Letter => {
    const { envelope, deliveryCount, body } = event
    const { id: eventId, revision, type: eventType, companyId } = envelope
    return { eventId, revision, eventType, companyId, attempts: deliveryCount, packed: packEvent(event), payload: body, error }
  })
  await writeLetters(database, handler, letters, now)
}

/** Commits letters as inbox rows; what was handled meanwhile stays handled, and a letter that is there stays as it is. */
export async function writeLetters(database: Database, handler: string, letters: readonly Letter[], now: Date): Promise<void> {
  const claim = newClaim().toString()
  const rows = letters.map((letter): SqlValue[] => [
    handler,
    eventIdToBytes(letter.eventId),
    letter.revision,
    claim,
    letter.eventType,
    letter.companyId ?? null,
    letter.attempts,
    sqlInstant(now),
    letter.packed,
    letter.payload,
    describeError(letter.error),
  ])
  await withTransaction(database, async (tx) => {
    for (let start = 0; start < rows.length; start += rowsPerStatement) {
      const group = rows.slice(start, start + rowsPerStatement)
      // One connection; eight bodies a packet. Of a letter that is there only the claim changes, so that this commit waits for the disk, too.
      await tx.execute(
        `insert into inbox (handler, event_id, revision, claim, event_type, company_id, attempts, handled_at, envelope, payload, error, outcome)
         values ${sqlTuples(group.length, 11, "'dead'")} on duplicate key update claim = values(claim)`,
        group.flat(),
      )
    }
  })
}
