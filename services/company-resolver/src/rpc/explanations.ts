import type { Attribution as AttributionMessage } from '@frontdesk/contracts'
import type { ModelStore } from '../app/model-ports.ts'
import type { KeptAttribution } from '../app/ports.ts'
import { toAttributionMessage } from './convert.ts'

/** Attributions as messages, each with the rule of the model that made it, which need not be the one in force. */
export interface Explanations {
  readonly explain: (kept: KeptAttribution) => Promise<AttributionMessage | undefined>
  readonly explainAll: (kept: readonly KeptAttribution[]) => Promise<AttributionMessage[]>
}

export function createExplanations(models: Pick<ModelStore, 'find'>): Explanations {
  const explainAll: Explanations['explainAll'] = async (kept) => {
    const found = await models.find(kept.map(({ modelVersion }) => modelVersion))
    return kept.map((each) => toAttributionMessage(each, found.get(each.modelVersion)))
  }
  return { explainAll, explain: async (kept) => (await explainAll([kept]))[0] }
}
