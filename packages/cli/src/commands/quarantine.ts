import { Attribution, AttributionServiceDefinition, QuarantineReason } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { enumName, instant, json, probability, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** The reasons by the names that the quarantine's subjects use. */
const reasons = {
  no_match: QuarantineReason.NO_MATCH,
  ambiguous: QuarantineReason.AMBIGUOUS,
  low_confidence: QuarantineReason.LOW_CONFIDENCE,
  conflict: QuarantineReason.CONFLICT,
  inactive_company: QuarantineReason.INACTIVE_COMPANY,
  schema_drift: QuarantineReason.SCHEMA_DRIFT,
} as const

/** Reads the quarantine. */
export function quarantine(context: CliContext): Group {
  return {
    description: 'The events whose company is not sure enough.',
    commands: {
      list: leaf(
        'List quarantined events, the newest first.',
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
          context.out(
            attributions.length === 0
              ? 'The quarantine is empty.'
              : table(['DECIDED', 'REASON', 'TYPE', 'CLOSEST', 'EVENT'], attributions.map(row)),
          )
          if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
        },
      ),
    },
  }
}

function row({ decidedAt, decision, eventType, candidates, eventId }: Attribution): string[] {
  const reason = decision?.$case === 'quarantined' ? enumName(decision.value.reason, 'QUARANTINE_REASON_') : ''
  const [closest] = candidates
  return [instant(decidedAt), reason, eventType, closest ? `${closest.companyId} ${probability(closest.posterior)}` : '-', eventId]
}
