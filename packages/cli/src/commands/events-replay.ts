import { setTimeout as wait } from 'node:timers/promises'
import { type Replay, type ReplaySelection, ReplayServiceDefinition, Replay as ReplayMessage } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import { eventId, eventTypes, windowArgs, windowOf, wholeNumber } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { json } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { describeReplay, hasEnded } from './replays.ts'

const pollMs = 500

interface Selecting {
  readonly _: readonly string[]
  readonly provider: string | undefined
  readonly type: string | undefined
  readonly entity: string | undefined
  readonly connection: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
}

/** Sends events again, unchanged: who has handled them does nothing. */
export function replay(context: CliContext): Leaf {
  return leaf(
    'Send accepted events again, unchanged, on the bulk lane: events by their ids, or all that match within a window.',
    {
      provider: { type: 'string', description: 'Of this provider' },
      type: { type: 'string', description: 'Of these types, with commas between, such as call.ended', valueHint: 'types' },
      entity: { type: 'string', description: 'About this call id or booking uid' },
      connection: { type: 'string', description: 'From this connection (con_…)' },
      ...windowArgs,
      rate: { type: 'string', description: 'Events a second at most, 1 to 2000', default: '200', valueHint: 'n' },
      'dry-run': { type: 'boolean', description: 'Only say how many it would be' },
      detach: { type: 'boolean', description: 'Do not wait for its end' },
      ...rpcArgs,
    },
    async ({ args }) => {
      const selection = selectionOf(args, context.now())
      const eventsPerSecond = wholeNumber('--rate', args.rate, 1, 2_000)
      const dryRun = args['dry-run'] === true
      await withService(
        context,
        'webhook-ingress',
        ReplayServiceDefinition,
        args,
        async (replays) => {
          const { matched, replay: started } = await replays.startReplay({ selection, eventsPerSecond, dryRun })
          if (dryRun) return context.out(args.json ? json({ matched: matched.toString() }) : `It would send ${matched} events again.`)
          if (!started) throw new CommandError('The webhook-ingress answered without a replay.')
          context.err(`Replay ${started.replayId}: ${matched} events.`)
          const last = args.detach === true ? started : await follow(context, replays, started)
          context.out(args.json ? json({ replay: ReplayMessage.toJSON(last) }) : describeReplay(last))
        },
        ['getReplay'],
      )
    },
    { more: true },
  )
}

function selectionOf(args: Selecting, now: Date): ReplaySelection {
  const eventIds = args._.map(eventId)
  const { from, until } = windowOf(args, now)
  const filter = {
    provider: args.provider ?? '',
    eventTypes: eventTypes(args.type),
    connectionId: args.connection ?? '',
    entityId: args.entity ?? '',
    receivedFrom: from,
    receivedUntil: until,
  }
  const filtered = Object.values(filter).some((value) => (Array.isArray(value) ? value.length > 0 : Boolean(value)))
  if (eventIds.length > 0 && filtered) throw new UsageError('Give event ids, or a filter with --since; not both.')
  if (eventIds.length === 0 && !from) throw new UsageError('Which events? Give their ids, or --since with what else narrows them.')
  return { eventIds, ...filter }
}

/** Tells of its progress until it has ended, or until Ctrl-C, which does not end the replay. */
async function follow(context: CliContext, replays: RpcClient<typeof ReplayServiceDefinition>, started: Replay): Promise<Replay> {
  const leaving = context.interrupted()
  let replay = started
  for (let told = -1n; !hasEnded(replay) && !leaving.aborted;) {
    await wait(pollMs, undefined, { signal: leaving }).catch(() => undefined)
    // One look after the other.
    replay = (await replays.getReplay({ replayId: replay.replayId })).replay ?? replay
    if (replay.published !== told) context.err(`${replay.published} of ${replay.matched} sent`)
    told = replay.published
  }
  if (!hasEnded(replay)) {
    context.err(`The replay goes on without this command. \`frontdesk replays show ${replay.replayId}\`, or \`replays cancel\`, to end it.`)
  }
  return replay
}
