import type { ReceivedEvent } from '@frontdesk/bus'
import type { Transaction } from '@frontdesk/database'
import { context } from '@opentelemetry/api'
import type { NewEvent } from './events.ts'
import { contextOf } from './event-spans.ts'

/** A batched handler of one that takes a single event: in order, one after the other, each inside its own span. */
export function oneByOne(
  handle: (tx: Transaction, event: ReceivedEvent) => Promise<readonly NewEvent[]>,
): (tx: Transaction, events: readonly ReceivedEvent[]) => Promise<readonly NewEvent[]> {
  return async (tx, events) => {
    const produced: NewEvent[] = []
    for (const event of events) {
      // One connection, and effects that may build on each other: nothing here could run at once.
      produced.push(...(await context.with(contextOf(event), () => handle(tx, event))))
    }
    return produced
  }
}
