import type { ReceivedEvent, UndecodableMessage } from './messages.ts'
import type { Settlement } from './settlement.ts'

/** What to consume, and with what. */
export interface ConsumeOptions {
  stream: string
  durable: string
  /** The most events handed over at once (256). */
  batchSize?: number
  /** How long to wait after a batch that was not full, so that the next one holds more: many share a commit for the price of one (0 ms). */
  gatherMs?: number
  /** Gives one settlement for each event, in their order; after a throw all of them are retried. */
  handle: (events: ReceivedEvent[]) => Promise<Settlement[]>
  /** What becomes of events whose type this version does not know: they wait for a newer one, or are acknowledged unread (`wait`). */
  unknownTypes?: 'wait' | 'skip'
  /**
   * Keeps what can't be read before the broker is told to drop it; after a throw it is delivered again. A sound event
   * whose type this version does not know is never given to it: that one waits in the stream for a newer replica.
   */
  onUndecodable?: (message: UndecodableMessage) => Promise<void>
}
