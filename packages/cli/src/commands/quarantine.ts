import { Attribution, AttributionServiceDefinition, QuarantineReason, type WeighedEvidence } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { enumName, instant, json, probability, table } from '../format.ts'
import { type Companies, findCompanies } from '../live/companies.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { discard } from './quarantine-discard.ts'
import { release } from './quarantine-release.ts'
import { releaseSiblings, siblings } from './quarantine-siblings.ts'

/** The reasons by the names that the quarantine's subjects use. */
const reasons = {
  no_match: QuarantineReason.NO_MATCH,
  ambiguous: QuarantineReason.AMBIGUOUS,
  low_confidence: QuarantineReason.LOW_CONFIDENCE,
  conflict: QuarantineReason.CONFLICT,
  inactive_company: QuarantineReason.INACTIVE_COMPANY,
  schema_drift: QuarantineReason.SCHEMA_DRIFT,
} as const

/** Reads the quarantine, and lets out of it what a person has decided. */
export function quarantine(context: CliContext): Group {
  return {
    description: 'The events whose company is not sure enough.',
    commands: {
      list: leaf(
        'List quarantined events, the newest first, with the company that came closest and what the directory does not know.',
        {
          reason: { type: 'enum', description: 'Only of this reason', options: Object.keys(reasons) },
          ...pageArgs,
          ...rpcArgs,
        },
        async ({ args }) => {
          const reason = Object.entries(reasons).find(([name]) => name === args.reason)?.[1] ?? QuarantineReason.UNSPECIFIED
          const page = pageOf(args)
          const { attributions, nextPageToken } = await withService(
            context,
            'company-resolver',
            AttributionServiceDefinition,
            args,
            (service) => service.listQuarantine({ reason, ...page }),
            ['listQuarantine'],
          )
          if (args.json) {
            context.out(json({ attributions: attributions.map((attribution) => Attribution.toJSON(attribution)), nextPageToken }))
            return
          }
          if (attributions.length === 0) context.out('The quarantine is empty.')
          else {
            const companies = await findCompanies(context, { address: args.address, token: args.token })
            const rows = attributions.map((attribution) => row(attribution, companies))
            context.out(table(['DECIDED', 'REASON', 'TYPE', 'CLOSEST', 'EVENT', 'SUGGESTION'], rows))
          }
          if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
        },
      ),
      release: release(context),
      siblings: siblings(context),
      'release-siblings': releaseSiblings(context),
      discard: discard(context),
    },
  }
}

function row(attribution: Attribution, companies: Companies): string[] {
  const { decidedAt, decision, eventType, candidates, eventId: id } = attribution
  const reason = decision?.$case === 'quarantined' ? enumName(decision.value.reason, 'QUARANTINE_REASON_') : ''
  const [closest] = candidates
  const best = closest ? `${companies.nameOf(closest.companyId)} ${probability(closest.posterior)}` : '-'
  return [instant(decidedAt), reason, eventType, best, id, suggestion(attribution.waterfall, companies)]
}

/** What the directory does not know of the event, and who has the rest: "phone number +4930… is unknown; Salon Aurora has voice agent agent_1". */
function suggestion(waterfall: readonly WeighedEvidence[], companies: Companies): string {
  const unknown = waterfall.filter(({ companyIds }) => companyIds.length === 0).map((piece) => `${nameOf(piece)} is unknown`)
  const owners = [...new Set(waterfall.flatMap(({ companyIds }) => companyIds))]
  const known = owners.map((owner) => {
    const pieces = waterfall.filter(({ companyIds }) => companyIds.includes(owner)).map(nameOf)
    return `${companies.nameOf(owner)} has ${pieces.join(' and ')}`
  })
  return [...unknown, ...known].join('; ') || 'it says nothing of its company'
}

function nameOf({ evidence }: WeighedEvidence): string {
  return evidence ? `${enumName(evidence.kind, 'EVIDENCE_KIND_')} ${evidence.value}` : ''
}
