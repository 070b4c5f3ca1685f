import type { ModelServiceImplementation } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { pageSizeOf } from '@frontdesk/rpc'
import type { activateModel, releaseModel } from '../app/activate-model.ts'
import { notFound } from '../app/find-company.ts'
import type { ExperienceReader, ModelStore } from '../app/model-ports.ts'
import type { refitModel } from '../app/refit-model.ts'
import { leastLabels } from '../domain/refit.ts'
import { personOf } from './author.ts'
import { toActivationMessage, toFittedMessage, toModelMessage, toParametersMessage } from './convert-models.ts'

export interface ModelServiceDependencies {
  readonly models: ModelStore
  readonly experience: Pick<ExperienceReader, 'countLabels'>
  readonly refitModel: ReturnType<typeof refitModel>
  readonly activateModel: ReturnType<typeof activateModel>
  readonly releaseModel: ReturnType<typeof releaseModel>
}

const activationsShown = 10

/** `frontdesk.attribution.v1.ModelService`; to be served for all companies alone. */
export function createModelService({ models, experience, ...deps }: ModelServiceDependencies): ModelServiceImplementation {
  return {
    async listModels({ pageSize, pageToken }) {
      const [{ items, nextPageToken }, { model }, labels, activations] = await Promise.all([
        models.list({ limit: pageSizeOf(pageSize), pageToken }),
        models.inForce(),
        experience.countLabels(0n),
        models.activations(activationsShown),
      ])
      return {
        models: items.map(toModelMessage),
        nextPageToken,
        versionInForce: model.version,
        labels,
        labelsNeeded: leastLabels,
        activations: activations.map(toActivationMessage),
      }
    },

    async getModel({ version: asked }) {
      const { model: current } = await models.inForce()
      const version = asked || current.version
      const [kept, activations, known] = await Promise.all([
        models.get(version),
        models.activations(activationsShown, version),
        models.find([version]),
      ])
      if (!kept) return notFound('model')
      const parameters = known.get(version)
      return {
        model: { ...toModelMessage(kept), parameters: parameters && toParametersMessage(parameters) },
        inForce: version === current.version,
        activations: activations.map(toActivationMessage),
      }
    },

    async refitModel({ dryRun }, context) {
      const { labels, fit, objection } = await deps.refitModel({ by: personOf(context), dryRun })
      return {
        labels,
        labelsNeeded: leastLabels,
        model: fit && toFittedMessage(fit, objection),
        activated: fit !== undefined && objection === undefined,
        objection: objection ?? '',
      }
    },

    async activateModel({ version, automatic }, context) {
      if (automatic === (version !== '')) {
        throw new FrontdeskError('invalid_argument', { publicMessage: 'Give either a version or automatic.' })
      }
      const by = personOf(context)
      return automatic ? deps.releaseModel({ by }) : deps.activateModel({ version, by })
    },
  }
}
