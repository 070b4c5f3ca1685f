import {
  type Adjudication,
  defaultRefitPolicy,
  type ExperienceReader,
  type FittedModels,
  type InForce,
  type MatchedEvidence,
  type Model,
  refitIfDue,
  shippedModel,
} from './resolver.ts'

/** How many models were fitted, and how many of these came into force. */
export interface Fits {
  readonly made: number
  readonly inForce: number
}

/** The models of one world, as the service makes them of what people find out. */
export interface Learning {
  /** The one in force. */
  readonly model: () => Model
  readonly fits: () => Fits
  /** Takes note of what an event matched, whatever became of it. */
  readonly note: (evidence: readonly MatchedEvidence[]) => void
  /** Fits a model if it is time, and tries it; resolves once the better one is in force. */
  readonly learn: (at: Date) => Promise<void>
}

/** The service's own fits, trials and times, on labels and models that are kept in memory. */
export function createLearning(labels: readonly Adjudication[], companies: number): Learning {
  const recent: (readonly MatchedEvidence[])[] = []
  const experience: ExperienceReader = {
    labels: (limit) => Promise.resolve(labels.map((label, index) => ({ sequence: BigInt(index + 1), label })).slice(-limit)),
    countLabels: (after) => Promise.resolve(labels.length - Number(after)),
    recent: (limit) => Promise.resolve(recent.slice(-limit)),
    countCompanies: () => Promise.resolve(companies),
  }

  let now = new Date(0)
  let inForce: InForce = { version: shippedModel.version, model: shippedModel, labelsThrough: 0n, activation: undefined }
  let last: Awaited<ReturnType<FittedModels['lastFit']>>
  const fits = { made: 0, inForce: 0 }
  const models: FittedModels = {
    inForce: () => Promise.resolve(inForce),
    lastFit: () => Promise.resolve(last),
    nextVersion: () => Promise.resolve(`fitted-${fits.made + 1}`),
    keep({ model, labelsThrough }, { at, objection }) {
      fits.made += 1
      last = { createdAt: at, labelsThrough }
      if (objection === undefined) {
        fits.inForce += 1
        inForce = { version: model.version, model, labelsThrough, activation: undefined }
      }
      return Promise.resolve(objection)
    },
  }
  const refit = refitIfDue(
    {
      experience,
      models,
      shipped: shippedModel,
      now: () => now,
      turn: () => Promise.resolve(),
      alone: (work) => work(new AbortController().signal),
    },
    defaultRefitPolicy,
  )
  return {
    model: () => inForce.model,
    fits: () => fits,
    note: (evidence) => void recent.push(evidence),
    async learn(at) {
      now = at
      await refit()
    },
  }
}
