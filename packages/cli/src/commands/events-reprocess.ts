import { randomUUID } from 'node:crypto'
import { LedgerServiceDefinition, ReprocessedEvent, ReprocessMode, ReprocessOutcome } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import { eventId } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { instant, json, printable } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { filterOf, isFiltering, selectionArgs, type SelectionFlags } from '../selection.ts'

const idsOfOneCall = 100

/** Sends events again as new revisions, so that their handlers amend what they made. */
export function reprocess(context: CliContext): Leaf {
  return leaf(
    'Send events again as new revisions, which their handlers amend their work by: events by their ids, a delivery, or all that match within a window.',
    {
      ...selectionArgs,
      renormalize: { type: 'boolean', description: 'As today’s normalizers read the stored body, where that differs; otherwise unchanged' },
      'dry-run': { type: 'boolean', description: 'Only show what would be sent, and what would differ' },
      run: { type: 'string', description: 'Go on with a run that broke off: what it has sent is not sent again', valueHint: 'id' },
      ...rpcArgs,
    },
    async ({ args }) => {
      const dryRun = args['dry-run'] ?? false
      const runId = args.run ?? randomUUID()
      const common = { mode: args.renormalize ? ReprocessMode.RENORMALIZE : ReprocessMode.AS_PUBLISHED, dryRun, runId }
      const done: ReprocessedEvent[] = []
      const tell = () =>
        context.out(args.json ? json({ dryRun, runId, events: done.map((each) => ReprocessedEvent.toJSON(each)) }) : summary(done, dryRun))
      const selected = selectionOf(args, context.now())
      const work = async (ledger: Ledger) => {
        for await (const part of partsOf(ledger, selected)) {
          const { events } = await ledger.reprocessEvents({ ...part, ...common })
          done.push(...events)
          if (!args.json && events.length > 0) context.out(printable(events.map(describe).join('\n')))
        }
      }
      try {
        // Within its run an event is sent once, so that a call whose answer was lost can be made again.
        await withService(context, 'webhook-ingress', LedgerServiceDefinition, args, work, ['listEvents', 'reprocessEvents'])
      } catch (error) {
        if (done.length > 0) tell()
        if (!dryRun)
          context.err(`It broke off. The same command with ${windowOf(selected)}--run ${runId} goes on, and sends nothing twice.`)
        throw error
      }
      tell()
      const failed = done.filter(({ outcome }) => impossible.has(outcome))
      if (failed.length > 0) throw new CommandError(`${failed.length} of ${done.length} can’t be sent.`)
    },
    { more: true },
  )
}

type Ledger = RpcClient<typeof LedgerServiceDefinition>
type Part = { readonly eventIds: string[] } | { readonly deliveryId: string }
type Selected = Part | { readonly filter: ReturnType<typeof filterOf> }

function selectionOf(args: SelectionFlags, now: Date): Selected {
  const filter = filterOf(args, now)
  const [first] = args._
  if (first !== undefined && isFiltering(filter)) throw new UsageError('Give event ids, or a filter with --since; not both.')
  if (first === undefined) {
    if (!filter.receivedFrom) throw new UsageError('Which events? Give their ids or a delivery’s, or --since with what else narrows them.')
    // Events that come later are not this command's.
    return { filter: { ...filter, receivedUntil: filter.receivedUntil ?? now } }
  }
  if (!first.startsWith('dlv_')) return { eventIds: [...new Set(args._.map(eventId))] }
  if (args._.length > 1) throw new UsageError('A delivery is reprocessed alone.')
  return { deliveryId: first }
}

/** As instants: a time that is counted back from now moves. */
function windowOf(selected: Selected): string {
  if (!('filter' in selected)) return ''
  const { receivedFrom, receivedUntil } = selected.filter
  return `--since ${instant(receivedFrom)} --until ${instant(receivedUntil)} `
}

/** One after the other, so that what is refused stops what comes after it. */
async function* partsOf(ledger: Ledger, selected: Selected): AsyncGenerator<Part> {
  if ('deliveryId' in selected) yield selected
  else if ('eventIds' in selected) {
    const { eventIds: ids } = selected
    for (let start = 0; start < ids.length; start += idsOfOneCall) yield { eventIds: ids.slice(start, start + idsOfOneCall) }
  } else {
    let pageToken = ''
    do {
      const { events, nextPageToken } = await ledger.listEvents({ ...selected.filter, pageSize: idsOfOneCall, pageToken })
      if (events.length > 0) yield { eventIds: events.map((event) => event.eventId) }
      pageToken = nextPageToken
    } while (pageToken !== '')
  }
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
    case ReprocessOutcome.SENT_BEFORE:
      return `sent in this run before, revision ${revision}, ${eventType}`
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
