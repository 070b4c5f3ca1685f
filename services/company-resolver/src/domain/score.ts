import { evidenceKey, evidenceKinds, type MatchedEvidence } from './evidence.ts'
import { matchWeight, missWeight, type Model, strangerWeight, worthOf } from './model.ts'

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

/** The posterior over the candidates (best first) and "none of them"; together they are 1. */
export interface Score {
  readonly waterfall: readonly WeighedEvidence[]
  readonly candidates: readonly Candidate[]
  /** That it is no company's of ours, or one's that no evidence names. */
  readonly nonePosterior: number
}

/** Log-odds of each hypothesis, each against the same. */
interface LogOdds {
  readonly companies: Map<string, number>
  /** That it is no company's of ours. */
  nobodys: number
  /** That it is one's that no evidence names. */
  readonly unnamed: number
}

/** Weighs the evidence, each different piece once. The order in which it came makes no difference. */
export function score(evidence: readonly MatchedEvidence[], model: Model): Score {
  const pieces = inCanonicalOrder(evidence)
  const logOdds = priorOf(pieces, model)
  const waterfall = pieces.map((piece): WeighedEvidence => {
    const weight = weigh(piece, logOdds, model)
    return { ...piece, weight, running: posterior(logOdds).candidates }
  })
  const { candidates, nobodys, unnamed } = posterior(logOdds)
  return { waterfall, candidates, nonePosterior: nobodys + unnamed }
}

/** The posterior of "no company of ours" alone. */
export function nobodysPosterior(evidence: readonly MatchedEvidence[], model: Model): number {
  const pieces = inCanonicalOrder(evidence)
  const logOdds = priorOf(pieces, model)
  for (const piece of pieces) weigh(piece, logOdds, model)
  return posterior(logOdds).nobodys
}

function priorOf(pieces: readonly MatchedEvidence[], { noneLogOdds, unnamedLogOdds }: Model): LogOdds {
  const companies = new Map(pieces.flatMap(({ companyIds }) => companyIds.map((companyId) => [companyId, 0])))
  return { companies, nobodys: noneLogOdds, unnamed: unnamedLogOdds }
}

/** Adds the piece to the odds and returns its weight: for its companies, or where it has none for "no company of ours". */
function weigh(piece: MatchedEvidence, logOdds: LogOdds, model: Model): number {
  const { length } = piece.companyIds
  const worth = worthOf(model, piece)
  const against = length > 0 ? strangerWeight(worth, length) : missWeight(worth)
  logOdds.nobodys += against
  if (length === 0) return against
  const weight = matchWeight(worth, model.companies, length)
  for (const companyId of piece.companyIds) logOdds.companies.set(companyId, (logOdds.companies.get(companyId) ?? 0) + weight)
  return weight
}

function inCanonicalOrder(evidence: readonly MatchedEvidence[]): MatchedEvidence[] {
  const pieces = new Map(evidence.map((piece) => [evidenceKey(piece), { ...piece, companyIds: [...new Set(piece.companyIds)].toSorted() }]))
  return [...pieces.values()].toSorted(
    (a, b) => evidenceKinds.indexOf(a.kind) - evidenceKinds.indexOf(b.kind) || compareText(a.value, b.value),
  )
}

function posterior({ companies, nobodys, unnamed }: LogOdds) {
  // Soft-max from the greatest downwards, so that no exponential overflows.
  const greatest = Math.max(nobodys, unnamed, ...companies.values())
  const likelihood = (logOdds: number) => Math.exp(logOdds - greatest)
  const total = [...companies.values()].reduce((sum, logOdds) => sum + likelihood(logOdds), likelihood(nobodys) + likelihood(unnamed))
  const candidates = [...companies]
    .map(([companyId, logOdds]): Candidate => ({ companyId, posterior: likelihood(logOdds) / total }))
    .toSorted((a, b) => b.posterior - a.posterior || compareText(a.companyId, b.companyId))
  return { candidates, nobodys: likelihood(nobodys) / total, unnamed: likelihood(unnamed) / total }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
