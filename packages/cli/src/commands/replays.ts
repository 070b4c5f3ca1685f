import { Replay, ReplayServiceDefinition, ReplayState } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { enumName, fields, instant, json, table } from '../format.ts'
import { rpcArgs, type RpcFlags, withService } from '../rpc.ts'

const idArgs = { id: { type: 'positional', description: 'Replay id (rpl_…)', required: true }, ...rpcArgs } as const

/** Looks at replays, and ends them; `events replay` begins one. */
export function replays(context: CliContext): Group {
  return {
    description: 'The replays that `events replay` began: who asked, what for, and how far they are.',
    commands: {
      list: leaf('List replays, the newest first.', { ...pageArgs, ...rpcArgs }, async ({ args }) => {
        const page = pageOf(args)
        const { replays: found, nextPageToken } = await withReplays(context, args, (service) => service.listReplays(page))
        if (args.json) return context.out(json({ replays: found.map((replay) => Replay.toJSON(replay)), nextPageToken }))
        context.out(found.length === 0 ? 'No replays.' : table(['ASKED', 'REPLAY', 'STATE', 'SENT', 'OF', 'BY'], found.map(row)))
        if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
      }),
      show: one(context, 'Show one replay.', (service, replayId) => service.getReplay({ replayId })),
      cancel: one(context, 'End a replay after the events in hand; what was sent stays sent.', (service, replayId) =>
        service.cancelReplay({ replayId }),
      ),
    },
  }
}

type Replays = RpcClient<typeof ReplayServiceDefinition>

/** Calls the ingress's replays; all but the start of one may be asked twice. */
export function withReplays<Result>(context: CliContext, flags: RpcFlags, work: (replays: Replays) => Promise<Result>): Promise<Result> {
  return withService(context, 'webhook-ingress', ReplayServiceDefinition, flags, work, ['getReplay', 'listReplays', 'cancelReplay'])
}

/** What is done to one replay, and leaves it to be shown. */
function one(
  context: CliContext,
  description: string,
  act: (replays: Replays, replayId: string) => Promise<{ replay: Replay | undefined }>,
) {
  return leaf(description, idArgs, async ({ args }) => {
    const replayId = replayIdOf(args.id)
    const { replay } = await withReplays(context, args, (service) => act(service, replayId))
    if (!replay) throw new CommandError('The webhook-ingress answered without a replay.')
    context.out(args.json ? json({ replay: Replay.toJSON(replay) }) : describeReplay(replay))
  })
}

/** How many events were selected, as far as they were counted. */
export function countOf({ matched, matchedMore }: { readonly matched: bigint; readonly matchedMore: boolean }): string {
  return matchedMore ? `at least ${matched}` : String(matched)
}

/** A replay for people. */
export function describeReplay(replay: Replay): string {
  const { selection } = replay
  const window = [instant(selection?.receivedFrom), instant(selection?.receivedUntil)].filter(Boolean).join(' to ')
  return fields({
    Replay: replay.replayId,
    State: enumName(replay.state, 'REPLAY_STATE_'),
    Sent: `${replay.published} of ${countOf(replay)}, at most ${replay.eventsPerSecond} a second`,
    Failed: replay.failed === 0n ? undefined : String(replay.failed),
    Events: selection?.eventIds.join(' '),
    Window: window,
    Company: selection?.companyId,
    Provider: selection?.provider,
    Types: selection?.eventTypes.join(', '),
    Connection: selection?.connectionId,
    Entity: selection?.entityId,
    'Asked by': askedBy(replay),
    Asked: instant(replay.createdAt),
    Began: instant(replay.startedAt),
    Ended: instant(replay.endedAt),
  })
}

/** Whether nothing more comes of it. */
export function hasEnded({ state }: Replay): boolean {
  return state !== ReplayState.WAITING && state !== ReplayState.RUNNING
}

function replayIdOf(text: string): string {
  if (!/^rpl_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text)) throw new UsageError(`A replay id begins with rpl_; "${text}" is none.`)
  return text
}

function row(replay: Replay): string[] {
  const state = enumName(replay.state, 'REPLAY_STATE_')
  return [instant(replay.createdAt), replay.replayId, state, String(replay.published), countOf(replay), askedBy(replay)]
}

function askedBy({ caller, actor }: Replay): string {
  return actor ? `${actor} by ${caller}` : caller
}
