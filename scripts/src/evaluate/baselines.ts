import { entityKey, type Attribution, type MatchedEvidence } from './resolver.ts'

/** What a router without probabilities does: a company, or nobody. It remembers where an entity's first event went. */
export type Baseline = (seen: Seen) => string | undefined

/** What a router gets to see: the very evidence that ours got, as of the same time, and what callers wrote. */
export interface Seen {
  readonly attribution: Pick<Attribution, 'event' | 'waterfall'>
  readonly callerText: string | undefined
  readonly isActive: (companyId: string) => boolean
}

type Rule = (pieces: readonly MatchedEvidence[]) => string | undefined

/** The first piece that anybody has decides, in the order of our own trust; of several companies the first registered. */
export const firstMatch: Rule = (pieces) => pieces.find(({ companyIds }) => companyIds.length > 0)?.companyIds[0]

/** Each piece has a vote for each company that has it; who has most gets the event, and at a tie nobody does. */
export const majority: Rule = (pieces) => {
  const votes = new Map<string, number>()
  for (const { companyIds } of pieces) for (const companyId of companyIds) votes.set(companyId, (votes.get(companyId) ?? 0) + 1)
  const [best, second] = [...votes].toSorted(([, a], [, b]) => b - a)
  return best && best[1] !== second?.[1] ? best[0] : undefined
}

/** A router by this rule; `readsCallers` lets it also take, last of all, a company that a caller, attendee or payer wrote down. */
export function createBaseline(rule: Rule, readsCallers: boolean): Baseline {
  const entities = new Map<string, string>()
  return ({ attribution: { event, waterfall }, callerText, isActive }) => {
    const key = event.entity && entityKey(event.entity)
    const first = key && entities.get(key)
    const pieces: MatchedEvidence[] = waterfall.filter(({ kind }) => kind !== 'entity')
    if (first) pieces.push({ kind: 'entity', value: first, companyIds: [first] })
    if (readsCallers && callerText !== undefined) pieces.push({ kind: 'metadata', value: callerText, companyIds: [callerText] })
    const chosen = rule(pieces)
    if (chosen === undefined || !isActive(chosen)) return undefined
    if (key && !first) entities.set(key, chosen)
    return chosen
  }
}
