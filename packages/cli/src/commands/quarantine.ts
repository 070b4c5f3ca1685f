import { Attribution, AttributionServiceDefinition, QuarantineReason, ReleaseEventResponse } from '@frontdesk/contracts'
import { eventId, pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { enumName, instant, json, printable, probability, table } from '../format.ts'
import { findCompanies } from '../live/companies.ts'
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

/** Reads the quarantine, and lets out of it what a person has decided. */
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
      release: leaf(
        'Give a quarantined event to its company. It goes on as it came, as if it had been attributed.',
        {
          'event-id': { type: 'positional', description: 'Event id, 64 hex digits', required: true },
          company: { type: 'string', description: 'Whose it is: an id (cmp_…), or the beginning of a name', required: true },
          ...rpcArgs,
        },
        async ({ args }) => {
          const id = eventId(args['event-id'])
          const companies = await findCompanies(context, args)
          const { chosenId: companyId = '' } = companies
          const answer = await withService(
            context,
            'company-resolver',
            AttributionServiceDefinition,
            args,
            (service) => service.releaseEvent({ eventId: id, companyId }),
            // Released twice is released once.
            ['releaseEvent'],
          )
          if (args.json) {
            context.out(json(ReleaseEventResponse.toJSON(answer)))
            return
          }
          const { attribution, alreadyReleased } = answer
          const release = attribution?.decision?.$case === 'attributed' ? attribution.decision.value.release : undefined
          const before = alreadyReleased ? `, by ${release?.releasedBy} at ${instant(release?.releasedAt)} already` : ''
          context.out(printable(`Released: ${id} goes to ${companies.nameOf(companyId)} as ${attribution?.eventType}${before}.`))
          context.err(`Its way:  pnpm frontdesk events show ${id}`)
        },
      ),
    },
  }
}

function row({ decidedAt, decision, eventType, candidates, eventId: id }: Attribution): string[] {
  const reason = decision?.$case === 'quarantined' ? enumName(decision.value.reason, 'QUARANTINE_REASON_') : ''
  const [closest] = candidates
  return [instant(decidedAt), reason, eventType, closest ? `${closest.companyId} ${probability(closest.posterior)}` : '-', id]
}
