import { type CompanyId, eventIdToBytes, type EventId, type EventType } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import { sqlTuples } from '@frontdesk/database'
import { sqlInstant } from './sql.ts'

/** An event of which a company's handler is to take no revision below one any more. */
export interface SkippedRevisions {
  readonly handler: string
  readonly eventId: EventId
  readonly beforeRevision: number
  readonly eventType: EventType
  readonly companyId: CompanyId
}

/** More revisions back than these are not looked for: each costs a row. */
const revisionsMax = 64

/** Puts revisions that have not come yet into the inbox, so that one which comes after its own withdrawal is a duplicate. */
export async function skipRevisions(tx: Transaction, skipped: SkippedRevisions, now: Date): Promise<void> {
  const { handler, eventId, beforeRevision, eventType, companyId } = skipped
  const count = Math.min(beforeRevision - 1, revisionsMax)
  if (count < 1) return
  const id = eventIdToBytes(eventId)
  const handledAt = sqlInstant(now)
  const rows = Array.from({ length: count }, (_, index) => [
    handler,
    id,
    beforeRevision - count + index,
    0,
    eventType,
    companyId,
    0,
    handledAt,
  ])
  await tx.execute(
    `insert into inbox (handler, event_id, revision, claim, event_type, company_id, attempts, handled_at, outcome)
     values ${sqlTuples(rows.length, 8, "'done'")} on duplicate key update claim = claim`,
    rows.flat(),
  )
}
