import { createBaseline, firstMatch, majority } from './baselines.ts'
import { createDirectory } from './directory.ts'
import {
  type Bin,
  binsOf,
  brierOf,
  calibrationError,
  calibrationNoise,
  type CurvePoint,
  type Forecast,
  type Rates,
  ratesOf,
  riskCoverage,
} from './measures.ts'
import { play, type Played } from './play.ts'
import { createRandom } from './random.ts'
import { type Attribution, confidenceIn, type MatchedEvidence, type Model, refit, shippedModel } from './resolver.ts'
import { createReview } from './review.ts'
import type { Trait } from './world/company.ts'
import type { Profile } from './world/profile.ts'
import { epochMs } from './world/story.ts'
import { createWorld, type World } from './world/world.ts'

/** Who decides: ours after a fit and before any, and routers that read what ours reads, or what callers write too. */
export const contestants = [
  'fitted',
  'shipped',
  'first match',
  'majority',
  'first match, callers’ text',
  'majority, callers’ text',
] as const
export type Contestant = (typeof contestants)[number]

/** How one world went. */
export interface Evaluation {
  readonly world: string
  readonly seed: number
  readonly model: Model
  readonly labels: { readonly all: number; readonly audits: number }
  readonly rates: Readonly<Record<Contestant, Rates>>
  readonly bins: readonly Bin[]
  readonly eceUncertain: number
  /** What chance alone would make of `eceUncertain`. */
  readonly eceNoise: number
  readonly uncertainEvents: number
  readonly brier: number
  readonly curve: readonly CurvePoint[]
  /** What waits for a person, by reason: of companies, and of nobody. */
  readonly quarantine: ReadonlyMap<string, { readonly owned: number; readonly unknown: number }>
  /** By what made events hard: how many there were, and how many each gave to a wrong company. */
  readonly traits: ReadonlyMap<Trait | 'nothing', { readonly events: number; readonly wrong: Readonly<Record<Contestant, number>> }>
}

/** A change of the model after its fit, for tests that take a part of it out. */
export type Alteration = (model: Model) => Model

interface Judged {
  readonly truth: Played['truth']
  readonly attribution: Attribution
  readonly attributedTo: Readonly<Record<Contestant, string | undefined>>
}

/** How often a model is fitted in the past, each on all that was seen up to then. */
const fits = 4

/** Plays a world's past, first with the shipped model, then with what is fitted on what people would have seen of it; and its present with the last. */
export async function evaluateAttribution(
  profile: Profile,
  seed: number,
  onProgress: (done: number, of: number) => void = () => {},
  alter: Alteration = (model) => model,
): Promise<Evaluation> {
  const world = createWorld(profile, seed)
  const directory = createDirectory(world)
  const all = world.past.length + world.present.length
  const review = createReview(profile, directory, createRandom(-seed))
  const recent: MatchedEvidence[][] = []
  let model = shippedModel
  const each = Math.ceil(world.past.length / fits)
  for (let start = 0; start < world.past.length; start += each) {
    // The next part is decided by what this one teaches.
    const past = await play(world.past.slice(start, start + each), directory, [model], {
      onPlayed: review.see,
      onProgress: (done) => onProgress(start + done, all),
    })
    for (const { attributions } of past) for (const { waterfall } of attributions) recent.push([...waterfall])
    model = refit({ labels: review.labels, recent, companies: profile.companies }, shippedModel, `fitted-${1 + start / each}`)
  }
  const labels = { all: review.labels.length, audits: review.labels.filter(({ propensity }) => propensity < 1).length }
  model = alter(model)

  const present = await play(world.present, directory, [model, shippedModel], {
    onPlayed: review.see,
    onProgress: (done) => onProgress(world.past.length + done, all),
  })
  const judged = judge(present, world)
  const forecasts = judged.flatMap((each) => forecastOf(each, model))
  const bins = binsOf(forecasts)
  const owned = judged.filter(({ truth }) => truth.companyId !== undefined).length
  return {
    world: profile.name,
    seed,
    model,
    labels,
    rates: byContestant((name) =>
      ratesOf(judged.map(({ truth, attributedTo }) => ({ truth: truth.companyId, attributedTo: attributedTo[name] }))),
    ),
    bins,
    eceUncertain: calibrationError(bins),
    eceNoise: calibrationNoise(forecasts, createRandom(seed)),
    uncertainEvents: bins.reduce((sum, { events }) => sum + events, 0),
    brier: brierOf(forecasts),
    curve: riskCoverage(forecasts, owned),
    quarantine: byReason(judged),
    traits: byTrait(judged),
  }
}

function judge(present: readonly Played[], { ends }: World): Judged[] {
  const routers = [
    createBaseline(firstMatch, false),
    createBaseline(majority, false),
    createBaseline(firstMatch, true),
    createBaseline(majority, true),
  ]
  return present.flatMap(({ truth, attributions }): Judged[] => {
    const [attribution] = attributions
    if (!attribution) return []
    const receivedAt = attribution.event.receivedAt.getTime() - epochMs
    const isActive = (companyId: string) => (ends.get(companyId) ?? Infinity) > receivedAt
    const chosen = [
      ...attributions.map(({ decision }) => (decision.kind === 'attributed' ? decision.companyId : undefined)),
      ...routers.map((route) => route({ attribution, callerText: truth.callerText, isActive })),
    ]
    return [{ truth, attribution, attributedTo: byContestant((_, index) => chosen[index]) }]
  })
}

/**
 * How sure the model is of its best candidate, whatever was decided; nothing for what names nobody. Where several are equally good, which of
 * them comes first is no opinion of the model's: each would be right in its turn.
 */
function forecastOf({ truth, attribution }: Judged, model: Model): (Forecast & { isOwned: boolean })[] {
  const [best] = attribution.candidates
  if (!best) return []
  const equals = attribution.candidates.filter(({ posterior }) => best.posterior - posterior < 1e-9)
  const right = equals.some(({ companyId }) => companyId === truth.owner) ? 1 / equals.length : 0
  return [{ probability: confidenceIn(best, attribution.waterfall, model), right, isOwned: truth.companyId !== undefined }]
}

function byReason(judged: readonly Judged[]): Evaluation['quarantine'] {
  const counts = new Map<string, { owned: number; unknown: number }>()
  for (const { truth, attribution } of judged) {
    if (attribution.decision.kind === 'attributed') continue
    const count = counts.get(attribution.decision.reason) ?? { owned: 0, unknown: 0 }
    counts.set(attribution.decision.reason, count)
    if (truth.companyId === undefined) count.unknown += 1
    else count.owned += 1
  }
  return counts
}

function byTrait(judged: readonly Judged[]): Evaluation['traits'] {
  const counts = new Map<Trait | 'nothing', { events: number; wrong: Record<Contestant, number> }>()
  for (const { truth, attributedTo } of judged) {
    for (const trait of truth.traits.length > 0 ? truth.traits : (['nothing'] as const)) {
      const count = counts.get(trait) ?? { events: 0, wrong: byContestant(() => 0) }
      counts.set(trait, count)
      count.events += 1
      for (const name of contestants) if (attributedTo[name] !== undefined && attributedTo[name] !== truth.companyId) count.wrong[name] += 1
    }
  }
  return counts
}

function byContestant<Value>(of: (name: Contestant, index: number) => Value): Record<Contestant, Value> {
  return Object.fromEntries(contestants.map((name, index) => [name, of(name, index)])) as Record<Contestant, Value>
}
