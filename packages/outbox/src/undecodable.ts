import type { UndecodableMessage } from '@frontdesk/bus'
import { deriveEventId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { writeLetters } from './bury.ts'
import type { EventHandler } from './event-handler.ts'
import type { InboxEventType } from './tables.ts'

/** Stands where the type of an event would. */
export const undecodableType: InboxEventType = 'undecodable'

/** Where messages are kept that no handler can be given. */
export interface KeepUndecodableOptions {
  readonly database: Database
  /** Under whose name they are kept. */
  readonly handler: Pick<EventHandler, 'handlerName'>
  readonly clock?: () => Date
}

/** The `onUndecodable` for `bus.consume`: commits what can't be read as a dead letter, the same message once; throws if it can't. */
export function keepUndecodable(options: KeepUndecodableOptions): (message: UndecodableMessage) => Promise<void> {
  const { database, handler, clock = () => new Date() } = options
  return async ({ stream, streamSequence, subject, headers, body, deliveryCount, error }) => {
    // A stream that was made anew counts from 1 again, hence the subject and the body.
    const eventId = deriveEventId(['undecodable', stream, streamSequence.toString(), subject, body])
    const packed = Buffer.from(JSON.stringify({ stream, streamSequence: streamSequence.toString(), subject, headers }))
    const letter = { eventId, revision: 1, eventType: undecodableType, attempts: deliveryCount, packed, payload: body, error }
    await writeLetters(database, handler.handlerName, [letter], clock())
  }
}
