import type { ReceivedEvent } from '@frontdesk/bus'
import type { Transaction } from '@frontdesk/database'
import { invalidArgument } from '@frontdesk/errors'
import { type NewEvent, readPayload } from '@frontdesk/outbox'
import type { MeterFailure, Observer } from '../app/ports.ts'
import type { takeBackRefused } from '../app/take-back-refused.ts'

export interface MeterFailedDependencies {
  readonly takeBackOf: (tx: Transaction) => ReturnType<typeof takeBackRefused>
  readonly observer: Pick<Observer, 'meterFailed' | 'reportRefused'>
}

/**
 * Takes a batch of events of meters that could not count some usage. Each asks the payment provider for its reasons inside the transaction: they are
 * few, and nobody else waits for what it holds then, its rows of the inbox.
 */
export function onMeterFailed({ takeBackOf, observer }: MeterFailedDependencies) {
  return async (tx: Transaction, events: readonly ReceivedEvent[]): Promise<NewEvent[]> => {
    const failures = events.flatMap(failureOf)
    if (failures.length === 0) return []
    const { errors, reports } = await takeBackOf(tx)(failures)
    // Not before: what is rolled back comes again.
    tx.afterCommit(() => {
      for (const error of errors) observer.meterFailed(error)
      for (const report of reports) observer.reportRefused(report)
    })
    return []
  }
}

/** None for what a connection of a company's own told: the meters of its account are not ours, and it can write whatever it likes. */
function failureOf({ body }: ReceivedEvent): MeterFailure[] {
  const { source, providerEventId, meterId } = readPayload('frontdesk.meter.failed.v1', body)
  if (source?.connectionId) return []
  // It becomes a part of the provider's path.
  if (!/^\w{1,255}$/.test(providerEventId)) throw invalidArgument('The event has no id of the payment provider’s.')
  return [{ providerEventId, meterId }]
}
