import type { Adjudication } from './adjudication.ts'
import { logit, sigmoid } from './calibration.ts'
import { type EvidenceKind, evidenceKinds, type MatchedEvidence } from './evidence.ts'
import { doubtKey, type KindWeight, type Model } from './model.ts'
import { count, newTally, share, type Tally } from './tally.ts'

/** What the given model says is worth as much as so many labels of equal weight. */
const priorLabels = 2
/** What it says of strangers and of sharing is worth more: of what is rare, none in hundreds of labels says little. */
const priorLabelsOfRare = 500
/** No number of labels shows that the directory misses nothing. */
const greatestM = 0.9999
const leastU = 1e-9
/** Labels are read in so many stretches of time: a value's mistakes count for its kind in the first that has any. */
const stretches = 4

/** What labels say of one kind, each tally with what is a hit in it. */
interface KindTallies {
  /** The value is the event's company's. */
  readonly found: Tally
  /** It is others' alone. */
  readonly misled: Tally
  /** Of strangers' events: somebody has the value. */
  readonly strangers: Tally
  /** Several have it: of values that are the event's company's, and of strangers' known ones. */
  readonly shared: Tally
  readonly sharedOfStrangers: Tally
}

/** How often one value misled, and the stretch in which it first did. */
interface ValueTally {
  readonly kind: EvidenceKind
  readonly misled: Tally
  firstMistake: number | undefined
}

interface Tallies {
  readonly kinds: Readonly<Record<EvidenceKind, KindTallies>>
  readonly values: Map<string, ValueTally>
  readonly nobodys: Tally
}

/**
 * The weights that the labels, the oldest first, speak for, drawn towards the given ones. A value that has misled is weighed by itself, and
 * counts for its kind only until that could be known: else one wrong entry of a busy company would discredit every agent. The entity
 * keeps its worth: it repeats what other evidence of the same call or booking said, so that labels would count that twice.
 */
export function fitWeights(
  labels: readonly Adjudication[],
  companies: number,
  prior: Model,
): Pick<Model, 'kinds' | 'doubts' | 'companies' | 'noneLogOdds' | 'unnamedLogOdds'> {
  const { kinds: tallies, values, nobodys } = tallied(labels)
  const fitted = (kind: EvidenceKind) => [kind, kind === 'entity' ? prior.kinds[kind] : weightBy(tallies[kind], prior.kinds[kind])]
  const kinds = Object.fromEntries(evidenceKinds.map(fitted)) as Record<EvidenceKind, KindWeight>
  const misleading = [...values].filter(([, { kind, firstMistake }]) => kind !== 'entity' && firstMistake !== undefined)
  const doubts = Object.fromEntries(
    misleading.map(([key, { kind, misled }]) => {
      const { m, u } = kinds[kind]
      return [key, Math.min(m, Math.max(u, share(misled, u, priorLabels)))]
    }),
  )
  // Any one candidate is one of so many companies, and so is the one that nothing names any of them.
  const oneOfAll = Math.log(companies)
  const noneLogOdds = logit(share(nobodys, sigmoid(prior.noneLogOdds), priorLabels)) + oneOfAll
  return { kinds, doubts, companies, noneLogOdds, unnamedLogOdds: oneOfAll }
}

function tallied(labels: readonly Adjudication[]): Tallies {
  const newKind = (): KindTallies => ({
    found: newTally(),
    misled: newTally(),
    strangers: newTally(),
    shared: newTally(),
    sharedOfStrangers: newTally(),
  })
  const kinds = Object.fromEntries(evidenceKinds.map((kind) => [kind, newKind()])) as Record<EvidenceKind, KindTallies>
  const tallies: Tallies = { kinds, values: new Map(), nobodys: newTally() }
  for (const [index, { evidence, companyId, propensity }] of labels.entries()) {
    const weight = 1 / propensity
    const stretch = Math.floor((stretches * index) / labels.length)
    count(tallies.nobodys, weight, companyId === undefined)
    for (const piece of evidence) {
      if (companyId === undefined) countStrangers(tallies, piece, weight)
      else countOwned(tallies, piece, companyId, weight, stretch)
    }
  }
  return tallies
}

function countStrangers({ kinds }: Tallies, { kind, companyIds }: MatchedEvidence, weight: number): void {
  const isKnown = companyIds.length > 0
  count(kinds[kind].strangers, weight, isKnown)
  if (isKnown) count(kinds[kind].sharedOfStrangers, weight, companyIds.length > 1)
}

function countOwned({ kinds, values }: Tallies, piece: MatchedEvidence, companyId: string, weight: number, stretch: number): void {
  const { kind, companyIds } = piece
  const { found, shared, misled } = kinds[kind]
  const isFound = companyIds.includes(companyId)
  count(found, weight, isFound)
  if (isFound) count(shared, weight, companyIds.length > 1)
  if (companyIds.length === 0) return count(misled, weight, false)
  const key = doubtKey(piece)
  const value = values.get(key) ?? { kind, misled: newTally(), firstMistake: undefined }
  values.set(key, value)
  count(value.misled, weight, !isFound)
  if (!isFound) value.firstMistake ??= stretch
  if ((value.firstMistake ?? stretch) === stretch) count(misled, weight, !isFound)
}

function weightBy({ found, misled, strangers, shared, sharedOfStrangers }: KindTallies, given: KindWeight): KindWeight {
  const m = Math.min(greatestM, share(found, given.m, priorLabels))
  // A kind that misleads more often than it helps says nothing, never the contrary.
  const u = Math.min(m, Math.max(leastU, share(misled, given.u, priorLabels)))
  // Strangers whose values are known are seen by few: those that mislead are attributed, and only an audit finds them.
  const strangersShare = Math.min(m, Math.max(u, share(strangers, given.strangers, priorLabelsOfRare)))
  const sharing = {
    companies: share(shared, given.shared.companies, priorLabelsOfRare),
    strangers: share(sharedOfStrangers, given.shared.strangers, priorLabels),
  }
  return { ...given, m, u, strangers: strangersShare, shared: sharing }
}
