import type { CompanyId } from '@frontdesk/contracts'
import { type Database, insertedValues, withTransaction } from '@frontdesk/database'
import { isFrontdeskError } from '@frontdesk/errors'
import type { NewEvent, Outbox } from '@frontdesk/outbox'
import type { ChangeOutcome } from '../app/apply-changes.ts'
import type { BookingTurn, TakeBookingTurn } from '../app/book-appointment.ts'
import { createBook } from './book.ts'
import { createCalendarReader } from './calendar-reader.ts'
import { bookingTurns } from './schema/booking-turns.ts'

const attemptsMax = 3

export interface BookingTurnsDependencies {
  readonly database: Database
  readonly outbox: Pick<Outbox, 'append'>
  readonly now: () => Date
  /** What others are told of a change that the request of this key caused. */
  readonly eventsOf: (outcome: ChangeOutcome, cause: { companyId: CompanyId; key: string; at: Date }) => NewEvent[]
}

/** Turns by the lock of the company's row, which stands until the commit; another replica waits for it, too. */
export function createBookingTurns({ database, outbox, now, eventsOf }: BookingTurnsDependencies): TakeBookingTurn {
  const inTransaction = <Result>(companyId: CompanyId, work: (turn: BookingTurn) => Promise<Result>) =>
    withTransaction(database, async (tx) => {
      await tx.orm
        .insert(bookingTurns)
        .values({ companyId })
        .onDuplicateKeyUpdate({ set: insertedValues({ companyId: bookingTurns.companyId }) })
      const at = now()
      return work({
        book: createBook(tx, companyId, at),
        calendar: createCalendarReader(tx, companyId),
        tell: (outcome, key) => outbox.append(tx, eventsOf(outcome, { companyId, key, at })),
      })
    })

  return async (companyId, work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await inTransaction(companyId, work)
      } catch (error) {
        // An event made the same customer or appointment meanwhile; events take no turns.
        if (!isFrontdeskError(error, 'version_conflict') || attempt === attemptsMax) throw error
      }
    }
  }
}
