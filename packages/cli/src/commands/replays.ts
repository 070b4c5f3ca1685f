import { Replay, ReplayServiceDefinition, ReplayState } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { enumName, fields, instant, json, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

const idArgs = { id: { type: 'positional', description: 'Replay id (rpl_…)', required: true }, ...rpcArgs } as const

/** Looks at replays, and ends them; `events replay` begins one. */
export function replays(context: CliContext): Group {
  return {
    description: 'The replays that `events replay` began: who asked, what for, and how far they are.',
    commands: {
      list: leaf('List replays, the newest first.', { ...pageArgs, ...rpcArgs }, async ({ args }) => {
        const page = pageOf(args)
        const { replays: found, nextPageToken } = await withService(
          context,
          'webhook-ingress',
          ReplayServiceDefinition,
          args,
          (service) => service.listReplays(page),
          ['listReplays'],
        )
        if (args.json) return context.out(json({ replays: found.map((replay) => Replay.toJSON(replay)), nextPageToken }))
        context.out(found.length === 0 ? 'No replays.' : table(['ASKED', 'REPLAY', 'STATE', 'SENT', 'OF', 'BY'], found.map(row)))
        if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
      }),
      show: leaf('Show one replay.', idArgs, async ({ args }) => {
        const replayId = replayIdOf(args.id)
        const { replay } = await withService(
          context,
          'webhook-ingress',
          ReplayServiceDefinition,
          args,
          (service) => service.getReplay({ replayId }),
          ['getReplay'],
        )
        print(context, args.json === true, replay)
      }),
      cancel: leaf('End a replay after the events in hand; what was sent stays sent.', idArgs, async ({ args }) => {
        const replayId = replayIdOf(args.id)
        const { replay } = await withService(
          context,
          'webhook-ingress',
          ReplayServiceDefinition,
          args,
          (service) => service.cancelReplay({ replayId }),
          ['cancelReplay'],
        )
        print(context, args.json === true, replay)
      }),
    },
  }
}

/** A replay for people. */
export function describeReplay(replay: Replay): string {
  const { selection } = replay
  const window = [instant(selection?.receivedFrom), instant(selection?.receivedUntil)].filter(Boolean).join(' to ')
  return fields({
    Replay: replay.replayId,
    State: enumName(replay.state, 'REPLAY_STATE_'),
    Sent: `${replay.published} of ${replay.matched}, at most ${replay.eventsPerSecond} a second`,
    Failed: replay.failed === 0n ? undefined : String(replay.failed),
    Events: selection?.eventIds.join(' '),
    Window: window,
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

function print(context: CliContext, asJson: boolean, replay: Replay | undefined): void {
  if (!replay) throw new CommandError('The webhook-ingress answered without a replay.')
  context.out(asJson ? json({ replay: Replay.toJSON(replay) }) : describeReplay(replay))
}

function replayIdOf(text: string): string {
  if (!/^rpl_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text)) throw new UsageError(`A replay id begins with rpl_; "${text}" is none.`)
  return text
}

function row(replay: Replay): string[] {
  const state = enumName(replay.state, 'REPLAY_STATE_')
  return [instant(replay.createdAt), replay.replayId, state, String(replay.published), String(replay.matched), askedBy(replay)]
}

function askedBy({ caller, actor }: Replay): string {
  return actor ? `${actor} by ${caller}` : caller
}
