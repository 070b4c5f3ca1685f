import type { Adjudication } from './adjudication.ts'
import { logit, sigmoid } from './calibration.ts'
import { type EvidenceKind, evidenceKinds } from './evidence.ts'
import type { KindWeight, Model } from './model.ts'

/** What the given model says is worth as much as so many labels of equal weight. */
const priorLabels = 2
/** No number of labels shows that the directory misses nothing. */
const greatestM = 0.9999
const leastU = 1e-9

/** Shares of labels, each standing for as many events as its propensity says. */
interface Tally {
  weight: number
  /** Of the squared weights: a few audits that stand for many events say as little as a few labels do. */
  squares: number
  hits: number
}

/**
 * The weights that the labels speak for, drawn towards the given ones. The entity keeps its worth: it repeats what other evidence of the
 * same call or booking said, so that labels would count that twice.
 */
export function fitWeights(
  labels: readonly Adjudication[],
  companies: number,
  prior: Model,
): Pick<Model, 'kinds' | 'companies' | 'noneLogOdds' | 'unnamedLogOdds'> {
  const [found, misled, strangers, shared, sharedOfStrangers] = Array.from({ length: 5 }, talliesByKind) as [
    Tallies,
    Tallies,
    Tallies,
    Tallies,
    Tallies,
  ]
  const nobodys = newTally()
  for (const { evidence, companyId, propensity } of labels) {
    const weight = 1 / propensity
    count(nobodys, weight, companyId === undefined)
    for (const { kind, companyIds } of evidence) {
      const isKnown = companyIds.length > 0
      if (companyId === undefined) {
        count(strangers[kind], weight, isKnown)
        if (isKnown) count(sharedOfStrangers[kind], weight, companyIds.length > 1)
      } else {
        count(found[kind], weight, companyIds.includes(companyId))
        if (companyIds.includes(companyId)) count(shared[kind], weight, companyIds.length > 1)
        count(misled[kind], weight, isKnown && !companyIds.includes(companyId))
      }
    }
  }
  const fitted = (kind: EvidenceKind): KindWeight => {
    const given = prior.kinds[kind]
    if (kind === 'entity') return given
    const m = Math.min(greatestM, share(found[kind], given.m))
    // A kind that misleads more often than it helps says nothing, never the contrary.
    const u = Math.min(m, Math.max(leastU, share(misled[kind], given.u)))
    // Strangers whose values are known are seen by few: those that mislead are attributed, and only an audit finds them.
    const strangersShare = Math.min(m, Math.max(u, share(strangers[kind], given.strangers)))
    const sharing = {
      companies: share(shared[kind], given.shared.companies),
      strangers: share(sharedOfStrangers[kind], given.shared.strangers),
    }
    return { ...given, m, u, strangers: strangersShare, shared: sharing }
  }
  const kinds = Object.fromEntries(evidenceKinds.map((kind) => [kind, fitted(kind)])) as Record<EvidenceKind, KindWeight>
  // Any one candidate is one of so many companies, and so is the one that nothing names any of them.
  const oneOfAll = Math.log(companies)
  return { kinds, companies, noneLogOdds: logit(share(nobodys, sigmoid(prior.noneLogOdds))) + oneOfAll, unnamedLogOdds: oneOfAll }
}

type Tallies = Record<EvidenceKind, Tally>

function talliesByKind(): Tallies {
  return Object.fromEntries(evidenceKinds.map((kind) => [kind, newTally()])) as Tallies
}

/** The share of hits, with the prior's weight in labels of the tally's own kind (Kish's effective number). */
function share({ weight, squares, hits }: Tally, prior: number): number {
  if (weight === 0) return prior
  const effective = (weight * weight) / squares
  return ((hits / weight) * effective + priorLabels * prior) / (effective + priorLabels)
}

function newTally(): Tally {
  return { weight: 0, squares: 0, hits: 0 }
}

function count(tally: Tally, weight: number, isHit: boolean): void {
  tally.weight += weight
  tally.squares += weight * weight
  if (isHit) tally.hits += weight
}
