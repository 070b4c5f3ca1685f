import { attribute, type Attribution, type ProviderEvent } from '../domain/attribute.ts'
import { entityKey } from '../domain/entity.ts'
import { hold } from '../domain/held.ts'
import { type Holder, withdrawnFrom } from '../domain/withdraw.ts'
import type { AttributionLedger, LookedUp } from './ports.ts'

/** A decision, and the company that has to give the event back for it. */
export interface Decided extends Attribution {
  readonly withdrawnFrom: Holder | undefined
}

/** Decides a batch of events in its order: what one event says of its entity counts for the next. */
export function attributeEvents({ ledger }: { ledger: AttributionLedger }) {
  return async (events: readonly ProviderEvent[]): Promise<readonly Decided[]> => {
    const decided = decideAll(events, await ledger.lookUp(events))
    await ledger.record(decided)
    return decided
  }
}

/** Decides events by what was looked up, keeping nothing. */
export function decideAll(events: readonly ProviderEvent[], { model, known, entities, held, sent }: LookedUp): Decided[] {
  const firsts = new Map(entities)
  const sentNow = new Map(sent)
  return events.map((event): Decided => {
    const { eventId, revision, eventType } = event
    const key = event.entity && entityKey(event.entity)
    const first = key === undefined ? undefined : firsts.get(key)
    // An event is no evidence for itself: decided anew, it would hold on to a mistake.
    const carriedBy = first && first.eventId !== eventId ? first.companyId : undefined
    const weighed = attribute(event, carriedBy, known, model)
    const decision = hold(weighed.decision, held.get(eventId), event.receivedAt)
    const holders = sentNow.get(eventId) ?? []
    if (decision.kind === 'attributed') {
      const { companyId } = decision
      if (key !== undefined && !carriedBy) firsts.set(key, { companyId, eventId })
      sentNow.set(eventId, [...holders, { companyId, revision, eventType }])
    } else if (decision.discard) {
      if (key !== undefined && first?.eventId === eventId) firsts.delete(key)
      sentNow.set(eventId, [...holders, { companyId: undefined, revision, eventType }])
    }
    return { ...weighed, decision, withdrawnFrom: withdrawnFrom(holders, revision, decision) }
  })
}
