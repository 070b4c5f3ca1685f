import { setTimeout as wait } from 'node:timers/promises'
import { type Replay, Replay as ReplayMessage, type ReplaySelection, type ReplayServiceDefinition } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import type { RpcClient } from '@frontdesk/rpc'
import { eventId, wholeNumber } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { json } from '../format.ts'
import { findCompanies } from '../live/companies.ts'
import { rpcArgs, type RpcFlags } from '../rpc.ts'
import { countOf, describeReplay, hasEnded, withReplays } from './replays.ts'
import { filterOf, isFiltering, selectionArgs, type SelectionFlags } from '../selection.ts'

const pollMs = 500

/** Sends events again, unchanged: who has handled them does nothing. */
export function replay(context: CliContext): Leaf {
  return leaf(
    'Send accepted events again, unchanged, on the bulk lane: events by their ids, or all that match within a window.',
    {
      company: { type: 'string', description: 'That went to this company: its id (cmp_…), or the beginning of its name' },
      ...selectionArgs,
      rate: { type: 'string', description: 'Events a second at most, 1 to 2000', default: '200', valueHint: 'n' },
      'dry-run': { type: 'boolean', description: 'Only say how many it would be' },
      detach: { type: 'boolean', description: 'Do not wait for its end' },
      ...rpcArgs,
    },
    async ({ args }) => {
      const { token } = args
      // --address is the ingress's.
      const { chosenId = '' } = args.company === undefined ? {} : await findCompanies(context, { token, company: args.company })
      const selection = selectionOf(args, chosenId, context.now())
      const eventsPerSecond = wholeNumber('--rate', args.rate, 1, 2_000)
      const dryRun = args['dry-run'] === true
      const answer = await withReplays(context, args, (replays) => replays.startReplay({ selection, eventsPerSecond, dryRun }))
      const matched = countOf(answer)
      if (dryRun) {
        const { matched: count, matchedMore } = answer
        return context.out(
          args.json
            ? json({ matched: count.toString(), matchedMore })
            : `It would send ${matched} ${matched === '1' ? 'event' : 'events'} again.`,
        )
      }
      const { replay: started } = answer
      if (!started) throw new CommandError('The webhook-ingress answered without a replay.')
      context.err(`Replay ${started.replayId}: ${matched} events.`)
      const last = args.detach === true ? started : await follow(context, args, started)
      context.out(args.json ? json({ replay: ReplayMessage.toJSON(last) }) : describeReplay(last))
    },
    { more: true },
  )
}

function selectionOf(args: SelectionFlags, companyId: string, now: Date): ReplaySelection {
  const eventIds = args._.map(eventId)
  const filter = filterOf(args, now)
  if (eventIds.length > 0 && (companyId || isFiltering(filter))) throw new UsageError('Give event ids, or a filter with --since; not both.')
  if (eventIds.length === 0 && !filter.receivedFrom) {
    throw new UsageError('Which events? Give their ids, or --since with what else narrows them.')
  }
  return { eventIds, companyId, ...filter }
}

/** Tells of its progress until it has ended, or until Ctrl-C, which does not end the replay, as nothing does that fails here. */
async function follow(context: CliContext, flags: RpcFlags, started: Replay): Promise<Replay> {
  const leaving = context.interrupted()
  const goesOn = `The replay goes on without this command. \`frontdesk replays show ${started.replayId}\`, or \`replays cancel\`, to end it.`
  let replay = started
  let looked = false

  async function watch(replays: RpcClient<typeof ReplayServiceDefinition>): Promise<void> {
    while (!hasEnded(replay) && !leaving.aborted) {
      await wait(pollMs, undefined, { signal: leaving }).catch(() => undefined)
      const { published } = replay
      // One look after the other.
      replay = (await replays.getReplay({ replayId: replay.replayId })).replay ?? replay
      if (replay.published !== published || !looked) context.err(`${replay.published} of ${countOf(replay)} sent`)
      looked = true
    }
  }

  while (!hasEnded(replay) && !leaving.aborted) {
    looked = false
    try {
      await withReplays(context, flags, watch)
    } catch (error) {
      const expired = error instanceof Error && isFrontdeskError(error.cause, 'token_expired')
      // A login gives a new token, a given one stays what it is.
      if (!expired || !looked) {
        context.err(goesOn)
        throw error
      }
    }
  }
  if (!hasEnded(replay)) context.err(goesOn)
  return replay
}
