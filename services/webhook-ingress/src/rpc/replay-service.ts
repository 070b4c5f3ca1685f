import type { ReplayServiceImplementation } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { callerOf, pageSizeOf, requireAllCompanies } from '@frontdesk/rpc'
import type { ReplayStore } from '../app/replay-ports.ts'
import type { startReplay } from '../app/start-replay.ts'
import { fromRate, fromReplayId, fromReplayToken, fromSelection, toReplayMessage } from './convert-replay.ts'

export interface ReplayServiceDependencies {
  readonly store: ReplayStore
  readonly startReplay: ReturnType<typeof startReplay>
  readonly clock: () => Date
}

/** `frontdesk.ledger.v1.ReplayService`; what is replayed belongs to any company, so every method needs a token for all. */
export function createReplayService({ store, startReplay: start, clock }: ReplayServiceDependencies): ReplayServiceImplementation {
  async function replayOf(id: string) {
    const replay = await store.find(fromReplayId(id))
    if (!replay) throw new FrontdeskError('not_found', { publicMessage: 'There is no such replay.' })
    return replay
  }

  return {
    async startReplay({ selection, eventsPerSecond, dryRun }, context) {
      requireAllCompanies(context)
      const { caller, actor } = callerOf(context)
      const { matched, matchedAll, replay } = await start({
        selection: fromSelection(selection, clock()),
        eventsPerSecond: fromRate(eventsPerSecond),
        dryRun,
        by: { caller, ...(actor !== undefined && { actor }) },
      })
      return { matched, matchedMore: !matchedAll, replay: replay && toReplayMessage(replay) }
    },

    async getReplay({ replayId }, context) {
      requireAllCompanies(context)
      return { replay: toReplayMessage(await replayOf(replayId)) }
    },

    async listReplays({ pageSize, pageToken }, context) {
      requireAllCompanies(context)
      const { items, nextPageToken } = await store.list({ limit: pageSizeOf(pageSize), pageToken: fromReplayToken(pageToken) })
      return { replays: items.map(toReplayMessage), nextPageToken }
    },

    async cancelReplay({ replayId }, context) {
      requireAllCompanies(context)
      const { id } = await replayOf(replayId)
      await store.end(id, 'cancelled', clock())
      const replay = await replayOf(id)
      if (replay.state === 'done') throw new FrontdeskError('failed_precondition', { publicMessage: 'The replay is done already.' })
      return { replay: toReplayMessage(replay) }
    },
  }
}
