import type { ReceivedEvent } from '@frontdesk/bus'
import type { CompanyId } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { companyOf, type NewEvent, readPayload } from '@frontdesk/outbox'
import type { RefetchRequests } from '../app/ports.ts'
import type { recordUsage } from '../app/record-usage.ts'
import type { ProviderObject } from '../domain/subscription.ts'
import type { Use } from '../domain/usage.ts'
import { useOfCall, useOfMessage, useOfWithdrawn } from './uses.ts'
import { usageRecorded } from './usage-recorded.ts'

export interface CompanyEventDependencies {
  readonly recordUsageOf: (tx: Transaction, companyId: CompanyId) => ReturnType<typeof recordUsage>
  readonly refetches: (tx: Transaction) => RefetchRequests
}

/** What one event is to billing: a use, or the news that something at the payment provider's is no longer as it was. */
type News = { readonly use: Use } | { readonly changed: ProviderObject }

interface Attributed<What> {
  readonly event: ReceivedEvent
  readonly companyId: CompanyId
  readonly what: What
}

/** Takes a batch of companies' events: uses are counted, and what changed at the payment provider's is noted to be fetched. */
export function onCompanyEvents({ recordUsageOf, refetches }: CompanyEventDependencies) {
  return async (tx: Transaction, events: readonly ReceivedEvent[]): Promise<NewEvent[]> => {
    const news = events.flatMap(attributed)
    const told: NewEvent[] = []
    const uses = news.flatMap(({ what, ...rest }) => ('use' in what ? [{ ...rest, what: what.use }] : []))
    // One connection carries the transaction, so companies can only go one after the other.
    for (const [companyId, ofCompany] of Map.groupBy(uses, (use) => use.companyId)) {
      told.push(...(await count(recordUsageOf(tx, companyId), companyId, ofCompany)))
    }
    const changes = news.flatMap(({ what, companyId, event }) =>
      'changed' in what ? [{ ...what.changed, companyId, eventId: event.envelope.id }] : [],
    )
    await refetches(tx).request(changes)
    return told
  }
}

async function count(record: ReturnType<typeof recordUsage>, companyId: CompanyId, uses: readonly Attributed<Use>[]): Promise<NewEvent[]> {
  const decisions = await record(uses.map(({ what }) => what))
  return decisions.flatMap((decision, index) => {
    const event = uses[index]?.event
    return decision.told && decision.record && event ? [usageRecorded(companyId, decision.record, event)] : []
  })
}

function attributed(event: ReceivedEvent): Attributed<News>[] {
  const companyId = companyOf(event)
  const what = newsOf(event)
  return what ? [{ event, companyId, what }] : []
}

function newsOf({ envelope, body }: ReceivedEvent): News | undefined {
  const { type } = envelope
  switch (type) {
    case 'frontdesk.call.ended.v1':
      return { use: useOfCall(readPayload(type, body), envelope) }
    case 'frontdesk.message.sent.v1':
      return { use: useOfMessage(readPayload(type, body), envelope) }
    case 'frontdesk.event.withdrawn.v1': {
      const use = useOfWithdrawn(readPayload(type, body), envelope)
      return use && { use }
    }
    case 'frontdesk.subscription.changed.v1':
      return { changed: changed('subscription', readPayload(type, body).subscriptionId) }
    case 'frontdesk.invoice.changed.v1':
      return { changed: changed('invoice', readPayload(type, body).invoiceId) }
    default:
      return undefined
  }
}

/** What the event says of its state may be old news: its id is all that is taken, and becomes a part of Stripe's path. */
function changed(type: ProviderObject['type'], id: string): ProviderObject {
  if (!/^[\w-]{1,255}$/.test(id))
    throw new FrontdeskError('invalid_argument', { publicMessage: `The ${type} has no id of the payment provider’s.` })
  return { type, id }
}
