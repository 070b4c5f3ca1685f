import { randomUUID } from 'node:crypto'
import { AttributionServiceDefinition, type PlanReattributionResponse, Reattribution } from '@frontdesk/contracts'
import { windowBetween } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError } from '../errors.ts'
import { enumName, instant, json, printable, probability } from '../format.ts'
import { type Companies, findCompanies } from '../live/companies.ts'
import { sendNextRevisions } from '../next-revisions.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Decides anew what was attributed in a window, after a signal turned out to be wrong. */
export function reattribute(context: CliContext): Leaf {
  return leaf(
    'Decide anew what was attributed in a window: what changes goes to its company as the next revision, and is withdrawn from the other.',
    {
      window: {
        type: 'string',
        description: 'When it was decided: 7d..1h, or 2026-11-01..2026-11-08T12:00:00Z',
        valueHint: 'FROM..TO',
        required: true,
      },
      company: { type: 'string', description: 'Only what went to this one: an id (cmp_…), or the beginning of a name' },
      'dry-run': { type: 'boolean', description: 'Only show what would change, and why' },
      run: { type: 'string', description: 'Go on with a run that broke off: what it has sent is not sent again', valueHint: 'id' },
      ...rpcArgs,
    },
    async ({ args }) => {
      const { from, until } = windowBetween(args.window, context.now())
      const dryRun = args['dry-run'] ?? false
      const runId = args.run ?? randomUUID()
      const companies = await findCompanies(context, args)
      const window = { decidedFrom: from, decidedUntil: until, companyId: companies.chosenId ?? '' }
      const changes: Reattribution[] = []
      let lookedAt = 0
      let sent = 0
      let pageToken = ''
      try {
        do {
          // Each page begins where the one before ended, and is sent before the next is asked for.
          const page = await plan(context, args, { ...window, pageToken })
          changes.push(...page.changes)
          lookedAt += page.lookedAt
          pageToken = page.nextPageToken
          if (!args.json && page.changes.length > 0)
            context.out(printable(page.changes.map((change) => describe(change, companies)).join('\n')))
          if (!dryRun) sent += await apply(context, args, page.changes, runId)
        } while (pageToken !== '')
      } catch (error) {
        const again = `--window ${instant(from)}..${instant(until)} --run ${runId}`
        if (!dryRun) context.err(`It broke off. The same command with ${again} goes on, and sends nothing twice.`)
        throw error
      }
      if (args.json) context.out(json({ dryRun, runId, lookedAt, sent, changes: changes.map((change) => Reattribution.toJSON(change)) }))
      else context.out(`${changes.length} of ${lookedAt} ${dryRun ? 'would change' : `change; ${sent} sent as next revisions`}.`)
      if (!dryRun && sent < changes.length) throw new CommandError(`${changes.length - sent} of ${changes.length} can’t be sent again.`)
    },
  )
}

type Flags = { readonly address?: string | undefined; readonly token?: string | undefined }
type Window = { decidedFrom: Date; decidedUntil: Date; companyId: string; pageToken: string }

function plan(context: CliContext, flags: Flags, window: Window): Promise<PlanReattributionResponse> {
  return withService(context, 'company-resolver', AttributionServiceDefinition, flags, (service) => service.planReattribution(window), [
    'planReattribution',
  ])
}

async function apply(context: CliContext, flags: Flags, changes: readonly Reattribution[], runId: string): Promise<number> {
  if (changes.length === 0) return 0
  const ids = changes.map(({ eventId }) => eventId)
  const events = await sendNextRevisions(context, flags, ids, runId)
  return events.filter(({ nextRevision }) => nextRevision > 0).length
}

function describe(change: Reattribution, companies: Companies): string {
  const { eventId, revision, eventType, entityId, companyId, decision, changedEvidence, modelVersionBefore, modelVersionNow } = change
  const names = (ids: readonly string[]) => ids.map((id) => companies.nameOf(id)).join(' and ') || 'nobody'
  const evidence = changedEvidence.map(
    ({ evidence: piece, companyIdsBefore, companyIdsNow }) =>
      `  ${piece ? `${enumName(piece.kind, 'EVIDENCE_KIND_')} ${piece.value}` : ''}: was of ${names(companyIdsBefore)}, is of ${names(companyIdsNow)}`,
  )
  const model = modelVersionBefore === modelVersionNow ? [] : [`  model: was ${modelVersionBefore}, is ${modelVersionNow}`]
  return [
    `${eventId}  ${eventType}  ${entityId}  revision ${revision}`,
    `  ${companies.nameOf(companyId)} → ${becomes(decision, companies)}`,
    ...evidence,
    ...model,
  ].join('\n')
}

function becomes(decision: Reattribution['decision'], companies: Companies): string {
  if (!decision) return 'nobody yet'
  if (decision.$case === 'quarantined' && decision.value.discard) return 'nobody, by a person'
  if (decision.$case === 'quarantined') return `quarantine, ${enumName(decision.value.reason, 'QUARANTINE_REASON_')}`
  const { companyId, confidence, release } = decision.value
  return `${companies.nameOf(companyId)} ${release ? 'by a person' : probability(confidence)}`
}
