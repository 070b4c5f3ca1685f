import { catalogue, type EventType } from '@frontdesk/contracts'
import type { Database, Transaction } from '@frontdesk/database'
import { createEventHandler, type EventHandler, type Outbox } from '@frontdesk/outbox'
import type { Telemetry } from '@frontdesk/telemetry'
import { attributeEvents } from '../app/attribute-events.ts'
import type { AttributionLedger } from '../app/ports.ts'
import type { Attribution } from '../domain/attribute.ts'
import { passOn } from './pass-on.ts'
import { withdrawals } from './event-withdrawn.ts'
import { readProviderEvent } from './read-provider-event.ts'

interface Dependencies {
  readonly database: Database
  readonly outbox: Outbox
  readonly telemetry: Telemetry
  readonly ledger: (tx: Transaction) => AttributionLedger
}

/** Whatever the ingress lets out, since of each only its `source` is read. */
const ingressTypes = (Object.keys(catalogue) as EventType[]).filter((type) => catalogue[type].owner === 'webhook-ingress')

/** Attributes what the ingress normalized, a batch in one commit, the same in both lanes. */
export function createProviderEventHandler({ database, outbox, telemetry, ledger }: Dependencies): EventHandler {
  const decisions = telemetry.metrics.counter('attributions_total', 'Decided events by outcome: attributed, or why not.', ['outcome'])
  return createEventHandler({
    database,
    outbox,
    telemetry,
    name: 'company-resolver.attribution',
    types: ingressTypes,
    // Each costs the same four round trips, whatever its size.
    groupSize: 100,
    async handle(tx, received) {
      const decide = attributeEvents({ ledger: ledger(tx) })
      const attributions = await decide(received.map(readProviderEvent))
      tx.afterCommit(() => {
        for (const attribution of attributions) decisions.inc({ outcome: outcomeOf(attribution) })
      })
      return received.flatMap((event, index) => {
        const attribution = attributions[index]
        return attribution ? [passOn(event, attribution), ...withdrawals(event, attribution)] : []
      })
    },
  })
}

function outcomeOf({ decision }: Attribution): string {
  if (decision.kind === 'attributed') return 'attributed'
  return decision.discard ? 'discarded' : decision.reason
}
