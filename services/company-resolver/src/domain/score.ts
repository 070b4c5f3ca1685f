import { type Evidence, evidenceKey, evidenceKinds } from './evidence.ts'
import { matchWeight, missWeight, type Model } from './model.ts'

/** Evidence with the companies that have it as a signal; none if the directory does not know it. */
export interface MatchedEvidence extends Evidence {
  readonly companyIds: readonly string[]
}

/** A company and its probability, 0 to 1. */
export interface Candidate {
  readonly companyId: string
  readonly posterior: number
}

/** One step of the waterfall: what the piece added, and where every candidate stood after it. */
export interface WeighedEvidence extends MatchedEvidence {
  /** In nats, for each of its companies; for "no company of ours" when it has none. */
  readonly weight: number
  readonly running: readonly Candidate[]
}

/** The posterior over the candidates (best first) and "no company of ours"; together they are 1. */
export interface Score {
  readonly waterfall: readonly WeighedEvidence[]
  readonly candidates: readonly Candidate[]
  readonly nonePosterior: number
}

/** Weighs the evidence, each different piece once. The order in which it came makes no difference. */
export function score(evidence: readonly MatchedEvidence[], model: Model): Score {
  const pieces = inCanonicalOrder(evidence)
  const logOdds = new Map<string, number>()
  for (const { companyIds } of pieces) for (const companyId of companyIds) logOdds.set(companyId, 0)
  let noneLogOdds = model.noneLogOdds

  const waterfall = pieces.map((piece): WeighedEvidence => {
    const known = piece.companyIds.length > 0
    const weight = known ? matchWeight(model, piece.kind) : missWeight(model, piece.kind)
    if (!known) noneLogOdds += weight
    for (const companyId of piece.companyIds) logOdds.set(companyId, (logOdds.get(companyId) ?? 0) + weight)
    return { ...piece, weight, running: posterior(logOdds, noneLogOdds).candidates }
  })
  return { waterfall, ...posterior(logOdds, noneLogOdds) }
}

function inCanonicalOrder(evidence: readonly MatchedEvidence[]): MatchedEvidence[] {
  const pieces = new Map(evidence.map((piece) => [evidenceKey(piece), { ...piece, companyIds: [...new Set(piece.companyIds)].toSorted() }]))
  return [...pieces.values()].toSorted(
    (a, b) => evidenceKinds.indexOf(a.kind) - evidenceKinds.indexOf(b.kind) || compareText(a.value, b.value),
  )
}

function posterior(logOdds: ReadonlyMap<string, number>, noneLogOdds: number): Pick<Score, 'candidates' | 'nonePosterior'> {
  // Soft-max from the greatest downwards, so that no exponential overflows.
  const greatest = Math.max(noneLogOdds, ...logOdds.values())
  const none = Math.exp(noneLogOdds - greatest)
  const likelihoods = [...logOdds].map(([companyId, value]) => ({ companyId, likelihood: Math.exp(value - greatest) }))
  const total = likelihoods.reduce((sum, { likelihood }) => sum + likelihood, none)
  const candidates = likelihoods
    .map(({ companyId, likelihood }) => ({ companyId, posterior: likelihood / total }))
    .toSorted((a, b) => b.posterior - a.posterior || compareText(a.companyId, b.companyId))
  return { candidates, nonePosterior: none / total }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
