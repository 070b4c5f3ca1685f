import { Attribution, AttributionServiceDefinition, ReviewAttributionResponse } from '@frontdesk/contracts'
import { eventId, pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { instant, json, printable, probability, table } from '../format.ts'
import { findCompanies } from '../live/companies.ts'
import { sendNextRevisions } from '../next-revisions.ts'
import { type RpcFlags, rpcArgs, withService } from '../rpc.ts'

const reviewArgs = {
  'event-id': { type: 'positional', description: 'Event id, 64 hex digits', required: true },
  note: { type: 'string', description: 'For whoever reads it later' },
  ...rpcArgs,
} as const

/** The attributed events that a person looks at. */
export function audits(context: CliContext): Group {
  return {
    description: 'Attributed events that were drawn by lot, 1 in 500, for a person to confirm or correct.',
    commands: {
      list: leaf('List those that nobody has looked at, the oldest first.', { ...pageArgs, ...rpcArgs }, async ({ args }) => {
        const page = pageOf(args)
        const { attributions, nextPageToken } = await withService(
          context,
          'company-resolver',
          AttributionServiceDefinition,
          args,
          (service) => service.listAudits(page),
          ['listAudits'],
        )
        if (args.json) return context.out(json({ attributions: attributions.map((each) => Attribution.toJSON(each)), nextPageToken }))
        const companies = await findCompanies(context, { address: args.address, token: args.token })
        const rows = attributions.map(({ decidedAt, decision, eventType, eventId: id }) => {
          const made = decision?.$case === 'attributed' ? decision.value : undefined
          return [instant(decidedAt), eventType, made ? `${companies.nameOf(made.companyId)} ${probability(made.confidence)}` : '', id]
        })
        context.out(rows.length === 0 ? 'There is nothing to look at.' : table(['DECIDED', 'TYPE', 'WENT TO', 'EVENT'], rows))
        if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
      }),
      confirm: leaf('Say that an event went to the right company.', reviewArgs, async ({ args }) => {
        const id = eventId(args['event-id'])
        const { attribution } = await withService(context, 'company-resolver', AttributionServiceDefinition, args, (service) =>
          service.getAttribution({ eventId: id }),
        )
        const { decision } = attribution ?? {}
        if (decision?.$case !== 'attributed')
          throw new CommandError(
            decision?.value.discard ? 'The event was said to be nobody’s.' : 'The event waits in the quarantine: release or discard it.',
          )
        await review(context, args, { id, companyId: decision.value.companyId, nobodys: false, note: args.note ?? '' })
      }),
      correct: leaf(
        'Say whose an event is that went to the wrong company, if anybody’s: it goes there as its next revision, and is withdrawn from the other.',
        {
          company: { type: 'string', description: 'Whose it is: an id (cmp_…), or the beginning of a name' },
          nobodys: { type: 'boolean', description: 'It is no company’s of ours: it is withdrawn, and goes nowhere' },
          ...reviewArgs,
        },
        async ({ args }) => {
          const id = eventId(args['event-id'])
          if (args.company === undefined && !args.nobodys) throw new UsageError('Whose is it? Give --company or --nobodys.')
          if (args.company !== undefined && args.nobodys) throw new UsageError('Give --company or --nobodys, not both.')
          const { chosenId: companyId = '' } = args.nobodys ? {} : await findCompanies(context, args)
          if (!(await review(context, args, { id, companyId, nobodys: args.nobodys === true, note: args.note ?? '' }))) return
          const [sent] = await sendNextRevisions(context, args, [id]).catch((error: unknown) => {
            context.err('What you said is kept, but the event has not moved yet: once this works again, run the same command again.')
            throw error
          })
          if (!sent?.nextRevision) throw new CommandError('The webhook-ingress can’t send it again, so that it has not moved.')
          context.err(`It goes out as revision ${sent.nextRevision}. Its way:  pnpm frontdesk events show ${id}`)
        },
      ),
    },
  }
}

interface Said {
  readonly id: string
  /** Empty for nobody's. */
  readonly companyId: string
  readonly nobodys: boolean
  readonly note: string
}

/** Whether it was a correction. */
async function review(
  context: CliContext,
  flags: RpcFlags & { json?: boolean | undefined },
  { id, companyId, nobodys, note }: Said,
): Promise<boolean> {
  const answer = await withService(context, 'company-resolver', AttributionServiceDefinition, flags, (service) =>
    service.reviewAttribution({ eventId: id, companyId, nobodys, note }),
  )
  const said = answer.corrected ? `Corrected: ${id} is ${nobodys ? 'nobody' : companyId}’s.` : `Confirmed: ${id} went to ${companyId}.`
  context.out(flags.json ? json(ReviewAttributionResponse.toJSON(answer)) : printable(said))
  return answer.corrected
}
