import type { ReceivedEvent } from '@frontdesk/bus'
import { eventIdToBytes } from '@frontdesk/contracts'
import type { Database, SqlValue, Transaction } from '@frontdesk/database'
import { withTransaction } from '@frontdesk/database'
import { FrontdeskError, toFrontdeskError } from '@frontdesk/errors'
import type { DeadLetterKey } from './dead-letters.ts'
import { describeError } from './bury.ts'
import type { EventHandler } from './event-handler.ts'
import { sqlInstant } from './sql.ts'
import { unpackEvent } from './stored-event.ts'
import { undecodableType } from './undecodable.ts'

/** What a redrive needs; `handlers` are those of the service whose database it is. */
export interface RedriveDependencies {
  readonly database: Database
  readonly handlers: readonly EventHandler[]
  readonly clock?: () => Date
}

const isThisLetter = "handler = ? and event_id = ? and revision = ? and outcome = 'dead'"

/**
 * Runs a dead letter's handler once more, in the transaction that turns the letter into a handled event;
 * of several at once, one does it.
 * @throws FrontdeskError `not_found` if there is no such handler or dead letter, `failed_precondition`
 * if the handler fails again (the letter stays, with the new error) or the letter could never be read as an event.
 */
export async function redrive(dependencies: RedriveDependencies, key: DeadLetterKey): Promise<void> {
  const { database, handlers, clock = () => new Date() } = dependencies
  const handler = handlers.find((candidate) => candidate.handlerName === key.handler)
  if (!handler) throw new FrontdeskError('not_found', { publicMessage: `There is no handler called ${key.handler} here.` })
  const letter: SqlValue[] = [key.handler, eventIdToBytes(key.eventId), key.revision]
  let inHandler = false

  try {
    await withTransaction(database, async (tx) => {
      inHandler = false
      const event = await lockDeadEvent(tx, letter)
      inHandler = true
      await handler.run(tx, event)
      inHandler = false
      await tx.execute(
        `update inbox set outcome = 'done', attempts = attempts + 1, handled_at = ?, envelope = null, payload = null, error = null
         where ${isThisLetter}`,
        [sqlInstant(clock()), ...letter],
      )
    })
  } catch (cause) {
    const error = toFrontdeskError(cause)
    if (!inHandler || error.retryable) throw error
    await keepNewError(database, letter, error)
    throw new FrontdeskError('failed_precondition', {
      publicMessage: 'The handler failed again; the dead letter stays and has the new error.',
      detail: error.message,
      cause,
    })
  }
}

async function lockDeadEvent(tx: Transaction, letter: readonly SqlValue[]): Promise<ReceivedEvent> {
  const { rows } = await tx.execute(`select event_type, envelope, payload, attempts from inbox where ${isThisLetter} for update`, letter)
  const [row] = rows
  if (!row) throw new FrontdeskError('not_found', { publicMessage: 'There is no such dead letter.' })
  if (Buffer.from(row['event_type'] as Uint8Array).toString() === undecodableType) {
    throw new FrontdeskError('failed_precondition', {
      publicMessage: 'The message could not be read as an event, so there is nothing to hand to its handler.',
    })
  }
  return unpackEvent(row['envelope'] as Uint8Array, row['payload'] as Uint8Array, Number(row['attempts']) + 1)
}

async function keepNewError(database: Database, letter: readonly SqlValue[], error: Error): Promise<void> {
  await withTransaction(database, (tx) =>
    tx.execute(`update inbox set attempts = attempts + 1, error = ? where ${isThisLetter}`, [describeError(error), ...letter]),
  )
}
