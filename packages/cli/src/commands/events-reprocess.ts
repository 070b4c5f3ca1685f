import { type EventId, LedgerServiceDefinition, ReprocessedEvent, ReprocessMode, ReprocessOutcome } from '@frontdesk/contracts'
import { eventId } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { json, printable } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

const idsOfOneCall = 100

/** Sends events again as new revisions, so that their handlers amend what they made. */
export function reprocess(context: CliContext): Leaf {
  return leaf(
    'Send events again as new revisions, which their handlers amend their work by.',
    {
      id: { type: 'positional', description: 'Event ids of 64 hex digits each; or one delivery (dlv_…), all of it', required: true },
      renormalize: { type: 'boolean', description: 'As today’s normalizers read the stored body, where that differs; otherwise unchanged' },
      'dry-run': { type: 'boolean', description: 'Only show what would be sent, and what would differ' },
      ...rpcArgs,
    },
    async ({ args }) => {
      const dryRun = args['dry-run'] ?? false
      const common = { mode: args.renormalize ? ReprocessMode.RENORMALIZE : ReprocessMode.AS_PUBLISHED, dryRun }
      const parts = partsOf(args._)
      const events = await withService(
        context,
        'webhook-ingress',
        LedgerServiceDefinition,
        args,
        async (ledger) => {
          const done: ReprocessedEvent[] = []
          // One after the other, so that what is refused stops what comes after it.
          for (const part of parts) done.push(...(await ledger.reprocessEvents({ ...part, ...common })).events)
          return done
        },
        // What was sent already would be sent once more.
        dryRun ? ['reprocessEvents'] : [],
      )
      if (args.json) context.out(json({ dryRun, events: events.map((event) => ReprocessedEvent.toJSON(event)) }))
      else context.out(printable([...events.map(describe), summary(events, dryRun)].join('\n')))
      const failed = events.filter(({ outcome }) => impossible.has(outcome))
      if (failed.length > 0) throw new CommandError(`${failed.length} of ${events.length} can’t be sent.`)
    },
    { more: true },
  )
}

type Part = { readonly eventIds: EventId[] } | { readonly deliveryId: string }

function partsOf(texts: readonly string[]): Part[] {
  const [first = ''] = texts
  if (first.startsWith('dlv_')) {
    if (texts.length > 1) throw new UsageError('A delivery is reprocessed alone.')
    return [{ deliveryId: first }]
  }
  const ids = [...new Set(texts.map(eventId))]
  const parts: Part[] = []
  for (let start = 0; start < ids.length; start += idsOfOneCall) parts.push({ eventIds: ids.slice(start, start + idsOfOneCall) })
  return parts
}

const impossible: ReadonlySet<ReprocessOutcome> = new Set([
  ReprocessOutcome.UNKNOWN_EVENT,
  ReprocessOutcome.BODY_PURGED,
  ReprocessOutcome.CONTENT_PURGED,
  ReprocessOutcome.NOT_MADE,
])

function describe(event: ReprocessedEvent): string {
  const { differences, furtherDifferences, comparedWithNothing } = event
  return [
    `${event.eventId}  ${whatOf(event)}`,
    ...differences.map(({ path, before, after }) => `  ${path}: ${before || 'nothing'} → ${after || 'nothing'}`),
    ...(furtherDifferences > 0 ? [`  and ${furtherDifferences} more`] : []),
    ...(comparedWithNothing ? ['  what was published last is not kept any more, so what differs is not known'] : []),
  ].join('\n')
}

function whatOf({ outcome, revision, nextRevision, eventType, nextEventType, deliveryId }: ReprocessedEvent): string {
  switch (outcome) {
    case ReprocessOutcome.RAISED:
      return `revision ${revision} → ${nextRevision}, ${nextEventType}`
    case ReprocessOutcome.ADDED:
      return `new, ${nextEventType}`
    case ReprocessOutcome.UNCHANGED:
      return `unchanged at revision ${revision}, ${eventType}`
    case ReprocessOutcome.UNKNOWN_EVENT:
      return 'not in the ledger'
    case ReprocessOutcome.BODY_PURGED:
      return 'its body has been purged, so that it can’t be normalized again'
    case ReprocessOutcome.CONTENT_PURGED:
      return 'what was published is not kept any more; try --renormalize'
    case ReprocessOutcome.NOT_MADE:
      return `today’s normalizers make other events of its body; reprocess ${deliveryId} --renormalize`
    default:
      return outcome
  }
}

function summary(events: readonly ReprocessedEvent[], dryRun: boolean): string {
  const sent = events.filter(({ nextRevision }) => nextRevision > 0).length
  return `${sent} of ${events.length} ${dryRun ? 'would be sent' : 'sent'}.`
}
