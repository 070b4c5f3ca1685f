import { newId } from '@frontdesk/contracts'
import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import type { Replay, ReplayRows, ReplaySelection } from './replay.ts'
import type { LedgerReader } from './ports.ts'
import { readCompanyRows } from './company-rows.ts'
import type { AttributedEvents, ReplaySource, ReplayStore } from './replay-ports.ts'

export interface StartReplayDependencies {
  readonly ledger: Pick<LedgerReader, 'publications' | 'newestMatching' | 'count'>
  readonly attributed: AttributedEvents
  readonly store: Pick<ReplayStore, 'insert' | 'countOpen'>
  readonly source: Pick<ReplaySource<unknown>, 'rowsOf' | 'spansOf'>
  readonly clock: () => Date
  /** How long ago an event may have been published: as long as outbox rows and inboxes are kept. */
  readonly maxAgeMs: number
}

/** What somebody wants to be sent again. */
export interface StartReplay {
  readonly selection: ReplaySelection
  readonly eventsPerSecond: number
  readonly dryRun: boolean
  readonly by: { readonly caller: string; readonly actor?: string }
}

const openMax = 20

type Counted = Pick<Replay, 'matched' | 'matchedAll'>

/**
 * Counts what a replay would send, and unless it is a dry run keeps it for the worker.
 * @throws FrontdeskError `not_found` for an id that the ledger does not have, `failed_precondition` for what is too old or too much.
 */
export function startReplay(deps: StartReplayDependencies): (command: StartReplay) => Promise<Counted & { replay?: Replay }> {
  return async ({ selection, eventsPerSecond, dryRun, by }) => {
    const { matched, matchedAll, rows } = await select(deps, selection)
    if (dryRun) return { matched, matchedAll }
    if ((await deps.store.countOpen()) >= openMax) {
      throw new FrontdeskError('failed_precondition', {
        publicMessage: `${openMax} replays wait already. Cancel one, or wait for their end.`,
      })
    }
    const replay: Replay = {
      id: newId('rpl'),
      state: 'waiting',
      caller: by.caller,
      actor: by.actor,
      selection,
      rows,
      eventsPerSecond,
      matched,
      matchedAll,
      published: 0n,
      failed: 0n,
      createdAt: deps.clock(),
      startedAt: undefined,
      endedAt: undefined,
    }
    await deps.store.insert(replay)
    return { matched, matchedAll, replay }
  }
}

async function select(deps: StartReplayDependencies, selection: ReplaySelection): Promise<Counted & { rows: ReplayRows }> {
  const oldest = new Date(deps.clock().getTime() - deps.maxAgeMs)
  if (selection.kind === 'filter') {
    if (selection.receivedFrom < oldest) throw tooOld(deps, 'received_from')
    if (selection.companyId !== undefined) {
      const ids = await readCompanyRows(deps, selection.companyId, selection)
      return { matched: BigInt(ids.length), matchedAll: true, rows: { ids, after: 0n } }
    }
    const [{ counted, all }, spans] = await Promise.all([
      deps.ledger.count(selection),
      deps.source.spansOf(selection.receivedFrom, selection.receivedUntil),
    ])
    return { matched: counted, matchedAll: all, rows: { spans, after: 0n } }
  }
  const published = await deps.ledger.publications(selection.eventIds)
  const newest = new Map(published.map((publication) => [publication.eventId, publication]))
  const unknown = selection.eventIds.find((id) => !newest.has(id))
  if (unknown !== undefined) throw new FrontdeskError('not_found', { publicMessage: `The ledger has no event ${unknown}.` })
  const old = [...newest.values()].find(({ at }) => at < oldest)
  if (old !== undefined) throw tooOld(deps, `event ${old.eventId}`)
  const found = await deps.source.rowsOf([...newest.values()])
  const kept = new Set(found.map(({ eventId }) => eventId))
  const gone = selection.eventIds.find((id) => !kept.has(id))
  if (gone !== undefined) {
    throw new FrontdeskError('failed_precondition', { publicMessage: `Event ${gone} is no longer in the outbox that a replay is made of.` })
  }
  return { matched: BigInt(kept.size), matchedAll: true, rows: { ids: found.map(({ id }) => id), after: 0n } }
}

function tooOld({ maxAgeMs }: StartReplayDependencies, what: string): FrontdeskError {
  const days = Math.floor(maxAgeMs / 86_400_000)
  return invalidArgument(`${what}: a replay goes back ${days} days at most; behind that an effect could happen twice.`)
}
