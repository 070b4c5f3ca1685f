import type { ReceivedEvent } from '@frontdesk/bus'
import { billingProviderEventTypes } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import type { NewEvent } from '@frontdesk/outbox'

type Handle = (tx: Transaction, events: readonly ReceivedEvent[]) => Promise<NewEvent[]>

const ofProvider: ReadonlySet<string> = new Set(billingProviderEventTypes)

/** Takes a batch of either kind. They come by durables of their own, and so never in one batch. */
export function onEvents({ ofCompanies, ofMeters }: { readonly ofCompanies: Handle; readonly ofMeters: Handle }): Handle {
  return async (tx, events) => {
    const { failed = [], other = [] } = Object.groupBy(events, ({ envelope }) => (ofProvider.has(envelope.type) ? 'failed' : 'other'))
    return [...(await ofCompanies(tx, other)), ...(await ofMeters(tx, failed))]
  }
}
