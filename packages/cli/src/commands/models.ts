import {
  ActivateModelResponse,
  GetModelResponse,
  type KindWeight,
  ListModelsResponse,
  type Model,
  type ModelActivation,
  type ModelParameters,
  ModelServiceDefinition,
  type ModelTrial,
  RefitModelResponse,
} from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { enumName, fields, instant, json, printable, table } from '../format.ts'
import { type RpcFlags, rpcArgs, withService } from '../rpc.ts'

/** The models that decide whose an event is. */
export function models(context: CliContext): Group {
  const ask = <Answer>(args: RpcFlags, work: Parameters<typeof withService<typeof ModelServiceDefinition, Answer>>[4]) =>
    withService(context, 'company-resolver', ModelServiceDefinition, args, work, ['listModels', 'getModel'])
  const version = { type: 'positional', description: 'Such as fitted-3, or shipped-4', required: true } as const
  return {
    description: 'The models that decide whose an event is: the shipped one, and fits on what persons have said.',
    commands: {
      list: leaf('List the models, the newest first, and which one decides.', { ...pageArgs, ...rpcArgs }, async ({ args }) => {
        const page = pageOf(args)
        const answer = await ask(args, (service) => service.listModels(page))
        if (args.json) return context.out(json(ListModelsResponse.toJSON(ListModelsResponse.fromPartial(answer))))
        const { versionInForce, labels, labelsNeeded } = answer
        const enough = labels < labelsNeeded ? `${labels} of ${labelsNeeded} labels: nothing is fitted before` : `${labels} labels`
        context.out(fields({ 'In force': versionInForce, Experience: enough }))
        const rows = answer.models.map((model) => [
          instant(model.createdAt),
          model.version,
          model.version === versionInForce ? 'in force' : '',
          model.fit ? `${model.fit.labels} labels` : 'shipped',
          model.fit?.objection ?? '',
        ])
        context.out(rows.length === 0 ? 'No model was kept.' : table(['MADE', 'VERSION', '', 'OF', 'WHY NOT'], rows))
        if (answer.activations.length > 0) context.out(activations(answer.activations))
        if (answer.nextPageToken) context.err(`More: --page-token ${answer.nextPageToken}`)
      }),
      show: leaf(
        'Show every number of a model, and how its fit did beside the one that was in force.',
        { version: { ...version, description: 'The one in force when left out', required: false }, ...rpcArgs },
        async ({ args }) => {
          const answer = await ask(args, (service) => service.getModel({ version: args.version ?? '' }))
          if (args.json) return context.out(json(GetModelResponse.toJSON(GetModelResponse.fromPartial(answer))))
          if (!answer.model) throw new CommandError('The company-resolver answered without a model.')
          context.out(describe(answer.model, answer.inForce ? 'yes' : 'no'))
          if (answer.activations.length > 0) context.out(activations(answer.activations))
        },
      ),
      refit: leaf(
        'Fit a model on what persons have said, and put it in force unless it is worse than the one that is.',
        { 'dry-run': { type: 'boolean', description: 'Only tell what would come of it' }, ...rpcArgs },
        async ({ args }) => {
          const dryRun = args['dry-run'] === true
          const answer = await ask(args, (service) => service.refitModel({ dryRun }))
          if (args.json) return context.out(json(RefitModelResponse.toJSON(RefitModelResponse.fromPartial(answer))))
          const { model, activated, objection } = answer
          if (!model) return context.out(printable(`Nothing was fitted: ${objection}.`))
          context.out(describe(model, activated ? (dryRun ? 'it would be' : 'from now on') : 'no'))
          if (dryRun) context.err('Nothing was kept. Without --dry-run it is.')
          else if (!activated) context.err(`It is kept all the same:  pnpm frontdesk models activate ${model.version}`)
        },
      ),
      activate: leaf(
        'Have a model decide, such as an earlier one, until a fit by hand comes into force or --automatic ends that.',
        {
          version: { ...version, required: false },
          automatic: { type: 'boolean', description: 'Let automatic fits take over from the model that somebody chose' },
          ...rpcArgs,
        },
        async ({ args }) => {
          const [chosen, automatic] = [args.version ?? '', args.automatic === true]
          if (automatic === (chosen !== '')) throw new UsageError('Give either a version or --automatic.')
          const answer = await ask(args, (service) => service.activateModel({ version: chosen, automatic }))
          if (args.json) return context.out(json(ActivateModelResponse.toJSON(ActivateModelResponse.fromPartial(answer))))
          const [done, already] = automatic
            ? ['Automatic fits take over from now on.', 'No choice holds automatic fits back.']
            : [`${chosen} decides from now on.`, `${chosen} is in force already, by choice.`]
          context.out(printable(answer.alreadyInForce ? already : done))
        },
      ),
    },
  }
}

function describe({ version, createdAt, createdBy, fit, parameters }: Model, inForce: string): string {
  const facts = fields({
    Model: version,
    'In force': inForce,
    'Why not': fit?.objection,
    Made: createdAt && `${instant(createdAt)} by ${createdBy}`,
    Labels: fit && `${fit.labels}, of these drawn by lot ${fit.audits}`,
    ...(fit?.trial && comparison(fit.trial)),
    ...(parameters && numbers(parameters)),
  })
  return parameters ? `${facts}\n\n${weights(parameters.kinds)}` : facts
}

function comparison(trial: ModelTrial): Record<string, string> {
  const beside = (fitted: string, was: string) => `${fitted}, of ${trial.against} ${was}`
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`
  return {
    'Judged by': `${trial.labels} labels that neither was fitted on`,
    'Log loss': beside(trial.logLossFitted.toFixed(4), trial.logLossInForce.toFixed(4)),
    Brier: beside(trial.brierFitted.toFixed(4), trial.brierInForce.toFixed(4)),
    'Would attribute': `${beside(percent(trial.attributedShareFitted), percent(trial.attributedShareInForce))}, of recent events`,
  }
}

function numbers(of: ModelParameters): Record<string, string | undefined> {
  const [cases, values] = [Object.keys(of.calibration).length, Object.keys(of.doubts).length]
  return {
    τ: of.minConfidence.toFixed(6),
    δ: of.minMargin.toFixed(6),
    Calibration: cases > 0 ? `${cases} cases (--json shows each)` : undefined,
    Doubts: values > 0 ? `${values} values that misled` : undefined,
    Companies: String(of.companies),
    'Prior log-odds': `none of ours ${of.noneLogOdds.toFixed(2)}, one that nothing names ${of.unnamedLogOdds.toFixed(2)}`,
  }
}

function weights(kinds: readonly KindWeight[]): string {
  const share = (value: number) => value.toPrecision(4)
  const rows = kinds.map((each) => [
    enumName(each.kind, 'EVIDENCE_KIND_'),
    share(each.m),
    share(each.u),
    share(each.strangers),
    each.matchWeight.toFixed(2),
    each.missWeight.toFixed(2),
    each.trusted ? 'yes' : '',
  ])
  return table(['KIND', 'M', 'U', 'STRANGERS', 'MATCH', 'UNKNOWN', 'TRUSTED'], rows)
}

function activations(changes: readonly ModelActivation[]): string {
  return table(
    ['SINCE', 'VERSION', 'IN PLACE OF', 'BY'],
    changes.map((each) => [
      instant(each.activatedAt),
      each.version,
      each.previousVersion,
      `${each.activatedBy}, ${each.chosen ? 'by hand' : each.released ? 'for automatic fits to take over' : 'as a fit'}`,
    ]),
  )
}
