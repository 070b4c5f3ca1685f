import type { Model as ModelMessage, ModelActivation, ModelFit, ModelParameters, ModelTrial } from '@frontdesk/contracts'
import type { Fit, KeptModel } from '../app/model-ports.ts'
import { evidenceKinds } from '../domain/evidence.ts'
import { matchWeight, missWeight, type Model } from '../domain/model.ts'
import type { Activation } from '../domain/model-activation.ts'
import type { Trial } from '../domain/trial.ts'
import { evidenceKindMessages } from '../wire/names.ts'

/** Without its parameters, which a list leaves out. */
export function toModelMessage({ version, createdAt, createdBy, fit, objection }: KeptModel): ModelMessage {
  return { version, createdAt, createdBy, fit: fit && toFitMessage(fit, objection), parameters: undefined }
}

/** With its weights and thresholds, but without what may be long. */
export function toFittedMessage(fit: Fit, objection: string | undefined): ModelMessage {
  const { version } = fit.model
  const parameters = toParametersMessage({ ...fit.model, calibration: {}, doubts: {} })
  return { version, createdAt: undefined, createdBy: '', fit: toFitMessage(fit, objection), parameters }
}

export function toActivationMessage({ version, previousVersion, act, by, at }: Activation): ModelActivation {
  return { version, previousVersion, activatedBy: by, activatedAt: at, chosen: act === 'chosen', released: act === 'released' }
}

export function toParametersMessage(model: Model): ModelParameters {
  const { companies, noneLogOdds, unnamedLogOdds, calibration, doubts, minConfidence, minMargin } = model
  return {
    kinds: evidenceKinds.map((kind) => {
      const { shared, ...weight } = model.kinds[kind]
      return {
        kind: evidenceKindMessages[kind],
        ...weight,
        sharedCompanies: shared.companies,
        sharedStrangers: shared.strangers,
        matchWeight: matchWeight(model.kinds[kind], companies, 1),
        missWeight: missWeight(model.kinds[kind]),
      }
    }),
    companies,
    noneLogOdds,
    unnamedLogOdds,
    calibration: { ...calibration },
    doubts: { ...doubts },
    minConfidence,
    minMargin,
  }
}

function toFitMessage({ labels, audits, trial }: NonNullable<KeptModel['fit']>, objection = ''): ModelFit {
  return { labels, audits, trial: trial && toTrialMessage(trial), objection }
}

function toTrialMessage({ against, labels, inForce, fitted, attributedShare }: Trial): ModelTrial {
  return {
    against,
    labels,
    logLossInForce: inForce.logLoss,
    logLossFitted: fitted.logLoss,
    brierInForce: inForce.brier,
    brierFitted: fitted.brier,
    attributedShareInForce: attributedShare.inForce,
    attributedShareFitted: attributedShare.fitted,
  }
}
