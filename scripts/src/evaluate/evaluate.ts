import { createBaseline, firstMatch, majority } from './baselines.ts'
import { createDirectory, type Decider } from './directory.ts'
import { createLearning, type Fits } from './learning.ts'
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
import { type Attribution, confidenceIn, type FirstOfEntity, type Model, shippedModel } from './resolver.ts'
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
  /** The last one that came into force. */
  readonly model: Model
  readonly fits: Fits
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
  readonly forecasts: readonly (Forecast & { readonly isOwned: boolean })[]
}

/** Between two looks at whether it is time to fit a model. */
const stretch = 500

/** Plays a world's past and its present, first by the shipped model, then by what is fitted on what people would have seen up to then. */
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
  const learning = createLearning(review.labels, profile.companies)
  const judge = judgeOf(world)

  // Where an entity's first event went holds for the rest of the world, whichever model decides by then.
  const [ours, shippeds] = [new Map<string, FirstOfEntity>(), new Map<string, FirstOfEntity>()]
  const fitted = (model: Model): Decider => ({ model, entities: ours })
  const shipped: Decider = { model: shippedModel, entities: shippeds }

  async function* playing(events: World['past'], deciders: () => readonly [Decider, ...Decider[]], before: number) {
    for (let start = 0; start < events.length; start += stretch) {
      // Each stretch is decided by what the ones before taught.
      const next = events.slice(start, start + stretch)
      const deciding = deciders()
      const played = await play(next, directory, deciding, {
        onPlayed: review.see,
        onProgress: (done) => onProgress(before + start + done, all),
      })
      for (const { attributions } of played) learning.note(attributions[0]?.waterfall ?? [])
      yield { played, model: deciding[0].model }
      const now = next.at(-1)?.receivedAt ?? 0
      review.advanceTo(now)
      await learning.learn(new Date(epochMs + now))
    }
  }
  for await (const { played } of playing(world.past, () => [fitted(learning.model())], 0)) void played
  const judged: Judged[] = []
  for await (const { played, model } of playing(world.present, () => [fitted(alter(learning.model())), shipped], world.past.length)) {
    for (const each of played) judged.push(...judge(each, model))
  }
  const forecasts = judged.flatMap((each) => each.forecasts)
  const bins = binsOf(forecasts)
  const owned = judged.filter(({ truth }) => truth.companyId !== undefined).length
  return {
    world: profile.name,
    seed,
    model: alter(learning.model()),
    fits: learning.fits(),
    labels: { all: review.labels.length, audits: review.labels.filter(({ propensity }) => propensity < 1).length },
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

/** Compares what was decided, by the model given, with the truth, and has the routers decide too: they remember what came before. */
function judgeOf({ ends }: World): (played: Played, model: Model) => Judged[] {
  const routers = [
    createBaseline(firstMatch, false),
    createBaseline(majority, false),
    createBaseline(firstMatch, true),
    createBaseline(majority, true),
  ]
  return ({ truth, attributions }, model) => {
    const [attribution] = attributions
    if (!attribution) return []
    const receivedAt = attribution.event.receivedAt.getTime() - epochMs
    const isActive = (companyId: string) => (ends.get(companyId) ?? Infinity) > receivedAt
    const chosen = [
      ...attributions.map(({ decision }) => (decision.kind === 'attributed' ? decision.companyId : undefined)),
      ...routers.map((route) => route({ attribution, callerText: truth.callerText, isActive })),
    ]
    return [
      { truth, attribution, attributedTo: byContestant((_, index) => chosen[index]), forecasts: forecastOf(truth, attribution, model) },
    ]
  }
}

/**
 * How sure the model is of its best candidate, whatever was decided; nothing for what names nobody. Where several are equally good, which of
 * them comes first is no opinion of the model's: each would be right in its turn.
 */
function forecastOf(truth: Played['truth'], attribution: Attribution, model: Model): Judged['forecasts'] {
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
