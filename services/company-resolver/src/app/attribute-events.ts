import { attribute, type Attribution, type ProviderEvent } from '../domain/attribute.ts'
import { entityKey } from '../domain/entity.ts'
import type { Model } from '../domain/model.ts'
import type { AttributionLedger } from './ports.ts'

/** Decides a batch of events in its order: what one event says of its entity counts for the next. */
export function attributeEvents({ ledger, model }: { ledger: AttributionLedger; model: Model }) {
  return async (events: readonly ProviderEvent[]): Promise<readonly Attribution[]> => {
    const { known, entities } = await ledger.lookUp(events)
    const firstCompanies = new Map(entities)
    const attributions = events.map((event) => {
      const key = event.entity && entityKey(event.entity)
      const attribution = attribute(event, key && firstCompanies.get(key), known, model)
      const { decision } = attribution
      if (key && decision.kind === 'attributed' && !firstCompanies.has(key)) firstCompanies.set(key, decision.companyId)
      return attribution
    })
    await ledger.record(attributions)
    return attributions
  }
}
