import type { Attribution } from './attribute.ts'
import { confidenceIn } from './confidence.ts'
import type { Decision } from './decide.ts'
import type { Model } from './model.ts'
import { score, type Score } from './score.ts'

type Explained = Score & Pick<Attribution, 'decision' | 'modelVersion'>

/**
 * The decision as it would read if the directory had no other companies than these: weighed again, since each number
 * of the soft-max depends on all candidates. Without numbers if another model than the given one decided.
 */
export function seenBy<Kept extends Explained>(companies: ReadonlySet<string>, kept: Kept, model: Model | undefined): Kept {
  const pieces = kept.waterfall
    .map(({ kind, value, companyIds }) => ({ kind, value, companyIds: companyIds.filter((companyId) => companies.has(companyId)) }))
    // Where the entity's first event went is found out here, and its value is that company's id.
    .filter(({ kind, companyIds }) => kind !== 'entity' || companyIds.length > 0)
  const decision = withoutRelease(kept.decision)
  if (kept.modelVersion !== model?.version) {
    const unweighed = pieces.map((piece) => ({ ...piece, weight: 0, running: [] }))
    return { ...kept, waterfall: unweighed, candidates: [], nonePosterior: 0, decision }
  }
  const scored = score(pieces, model)
  // A person's decision is of no weighing.
  if (decision.kind !== 'attributed' || decision !== kept.decision) return { ...kept, ...scored, decision }
  // Less than the best of these posteriors, it would tell of a rival.
  const own = scored.candidates.find(({ companyId }) => companyId === decision.companyId)
  return { ...kept, ...scored, decision: { ...decision, confidence: own ? confidenceIn(own, scored.waterfall, model) : 0 } }
}

/** Why an event had waited tells of rivals too. */
function withoutRelease(decision: Decision): Decision {
  if (decision.kind !== 'attributed' || !decision.release) return decision
  const { kind, companyId, confidence } = decision
  return { kind, companyId, confidence }
}
