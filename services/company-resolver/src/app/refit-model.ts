import { FrontdeskError } from '@frontdesk/errors'
import { lossOf, meanLoss } from '../domain/forecast.ts'
import type { Model } from '../domain/model.ts'
import { fitForecasts, leastLabels, withThresholds } from '../domain/refit.ts'
import { attributedShare, objectionTo, type Split, splitsOf, type Trial } from '../domain/trial.ts'
import type { ExperienceReader, Fit, InForce, ModelStore, PlacedLabel } from './model-ports.ts'
import type { Sources } from './ports.ts'

/** Of more, each part of a fit would hold up whatever else the process does for too long. */
const labelsMax = 10_000
const recentMax = 10_000

/** What came of a fit. */
export interface Refitted {
  readonly labels: number
  /** Undefined below 500 labels, where this release can't read the model in force, and where that was fitted on all of them. */
  readonly fit: Fit | undefined
  /** Why it did not come into force. */
  readonly objection: string | undefined
}

/** The part of the models' store that fits are kept in. */
export type FittedModels = Pick<ModelStore, 'inForce' | 'lastFit' | 'nextVersion' | 'keep'>

export interface RefitDependencies extends Pick<Sources, 'now'> {
  readonly experience: ExperienceReader
  readonly models: FittedModels
  readonly shipped: Model
  /** Lets whatever waits have its turn. */
  readonly turn: () => Promise<void>
  /** Runs the work if no other replica is at it; undefined if one is. The signal tells that another may be by now. */
  readonly alone: <Result>(work: (lost: AbortSignal) => Promise<Result>) => Promise<Result | undefined>
}

/** When a fit is made by itself. */
export interface RefitPolicy {
  /** So many events have got a label since the last fit. */
  readonly afterLabels: number
  /** So long after it at the earliest. */
  readonly intervalMs: number
}

/** Unless the settings say otherwise. */
export const defaultRefitPolicy: RefitPolicy = { afterLabels: 100, intervalMs: 60 * 60_000 }

/** Fits a model on what persons have said, and puts it in force unless something speaks against it; a dry run keeps nothing. */
export function refitModel(deps: RefitDependencies) {
  return async ({ by, dryRun }: { by: string; dryRun: boolean }): Promise<Refitted> => {
    const done = await deps.alone((lost) => fitNow(deps, { by, dryRun, byHand: true }, lost))
    if (!done) throw new FrontdeskError('failed_precondition', { publicMessage: 'A fit is being made already.' })
    return done
  }
}

/** The same once enough was said since the last fit; undefined if it is not time, or another replica is at it. */
export function refitIfDue(deps: RefitDependencies, { afterLabels, intervalMs }: RefitPolicy) {
  const { experience, models, now } = deps
  async function isDue(): Promise<boolean> {
    const last = await models.lastFit()
    if (last && now().getTime() - last.createdAt.getTime() < intervalMs) return false
    const labels = await experience.countLabels(last?.labelsThrough ?? 0n)
    return labels >= (last ? afterLabels : leastLabels)
  }
  return () =>
    deps.alone(async (lost) => ((await isDue()) ? fitNow(deps, { by: 'company-resolver', dryRun: false, byHand: false }, lost) : undefined))
}

interface Order {
  readonly by: string
  readonly dryRun: boolean
  readonly byHand: boolean
}

async function fitNow(deps: RefitDependencies, { by, dryRun, byHand }: Order, lost: AbortSignal): Promise<Refitted> {
  const { experience, models, now } = deps
  const labels = await experience.labels(labelsMax)
  const nothing = { labels: labels.length, fit: undefined }
  if (labels.length < leastLabels) return { ...nothing, objection: `${labels.length} of ${leastLabels} labels` }
  const was = await models.inForce()
  // Of a newer release, most likely: nothing can be tried beside it.
  if (was.model.version !== was.version) return { ...nothing, objection: `this release can’t read ${was.version}, which is in force` }
  const splits = splitsOf(
    labels.map(({ label }) => label),
    labels.filter(({ sequence }) => sequence <= was.labelsThrough).length,
  )
  if (splits.length === 0) return { ...nothing, objection: `${was.model.version} was fitted on every label` }
  const fit = await fitBeside(deps, labels, splits, was)
  const objection = (byHand ? undefined : holdOf(was)) ?? objectionTo(fit.trial)
  // Another replica may be at it by now, on the same labels.
  lost.throwIfAborted()
  if (dryRun) return { labels: labels.length, fit, objection }
  return { labels: labels.length, fit, objection: await models.keep(fit, { by, at: now(), objection, was }) }
}

/** A fit, tried beside the model in force. Others get their turn between its parts. */
async function fitBeside(
  { experience, models, shipped, turn }: RefitDependencies,
  placed: readonly PlacedLabel[],
  splits: readonly Split[],
  was: InForce,
): Promise<Fit> {
  const companies = Math.max(1, await experience.countCompanies())
  const recent = await experience.recent(recentMax)
  const version = await models.nextVersion()
  const labels = placed.map(({ label }) => label)
  const losses = { inForce: [], fitted: [] } as Record<'inForce' | 'fitted', ReturnType<typeof lossOf>[]>
  for (const { held, others } of splits) {
    await turn()
    losses.inForce.push(lossOf(held, was.model))
    losses.fitted.push(lossOf(held, fitForecasts({ labels: others, companies }, shipped, version)))
  }
  await turn()
  const forecasting = fitForecasts({ labels, companies }, shipped, version)
  await turn()
  const model = withThresholds(forecasting, recent)
  await turn()
  const share = attributedShare(recent, model)
  await turn()
  const trial: Trial = {
    against: was.model.version,
    labels: splits.reduce((sum, { held }) => sum + held.length, 0),
    inForce: meanLoss(losses.inForce),
    fitted: meanLoss(losses.fitted),
    attributedShare: { inForce: attributedShare(recent, was.model), fitted: share },
  }
  const audits = labels.filter(({ propensity }) => propensity < 1).length
  return { model, labels: labels.length, audits, labelsThrough: placed.at(-1)?.sequence ?? 0n, trial }
}

/** A person's choice holds until a fit that a person asked for comes into force, or he chooses another or releases it. */
function holdOf({ activation }: InForce): string | undefined {
  return activation?.act === 'chosen' ? `${activation.by} has chosen ${activation.version}: a refit by hand goes on from there` : undefined
}
