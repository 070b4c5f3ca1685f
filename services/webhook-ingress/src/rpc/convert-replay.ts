import {
  isCompanyId,
  parseEventId,
  type Replay as ReplayMessage,
  type ReplaySelection as SelectionMessage,
  ReplayState,
} from '@frontdesk/contracts'
import { unknownPageToken } from '@frontdesk/database'
import { invalidArgument } from '@frontdesk/errors'
import type { Replay, ReplaySelection } from '../app/replay.ts'
import { fromFilter } from './convert.ts'

const idsMax = 100
const rateDefault = 200
const rateMax = 2_000

const states = {
  waiting: ReplayState.WAITING,
  running: ReplayState.RUNNING,
  done: ReplayState.DONE,
  cancelled: ReplayState.CANCELLED,
} as const satisfies Record<Replay['state'], ReplayState>

/** @throws FrontdeskError invalid_argument that names the field. */
export function fromSelection(message: SelectionMessage | undefined, now: Date): ReplaySelection {
  if (!message) throw invalidArgument('selection: say which events, by event_ids or by a filter.')
  const { eventIds, companyId } = message
  if (companyId && !isCompanyId(companyId)) throw invalidArgument('company_id: a company’s id (cmp_…).')
  const filter = fromFilter({ ...message, eventType: '' })
  const { provider, types, connectionId, entityId, receivedFrom, receivedUntil } = filter
  if (eventIds.length > 0) {
    const ids = new Set(eventIds.map(parseEventId))
    if (eventIds.length > idsMax) throw invalidArgument(`event_ids: at most ${idsMax}.`)
    if (companyId || provider || types.length > 0 || connectionId || entityId || receivedFrom || receivedUntil) {
      throw invalidArgument('selection: event_ids or a filter, not both.')
    }
    return { kind: 'ids', eventIds: [...ids].map((id) => id ?? notAnId()) }
  }
  if (!receivedFrom) throw invalidArgument('received_from: a filter needs the beginning of a window.')
  if (receivedFrom >= now) throw invalidArgument('received_from: an instant that has passed.')
  // Events that come later are not this replay's.
  const until = receivedUntil && receivedUntil < now ? receivedUntil : now
  return {
    kind: 'filter',
    companyId: companyId || undefined,
    provider,
    types,
    connectionId,
    entityId,
    receivedFrom,
    receivedUntil: until,
  }
}

function notAnId(): never {
  throw invalidArgument('event_ids: 64 lower-case hex digits each.')
}

/** @throws FrontdeskError invalid_argument above the limit. */
export function fromRate(requested: number): number {
  if (requested > rateMax) throw invalidArgument(`events_per_second: at most ${rateMax}.`)
  return requested || rateDefault
}

const replayIdPattern = /^rpl_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** @throws FrontdeskError invalid_argument. */
export function fromReplayId(text: string): string {
  if (!replayIdPattern.test(text)) throw invalidArgument('replay_id: a replay’s id (rpl_…).')
  return text
}

/** @throws FrontdeskError invalid_argument. */
export function fromReplayToken(token: string): string {
  if (token !== '' && !replayIdPattern.test(token)) throw unknownPageToken()
  return token
}

export function toReplayMessage(replay: Replay): ReplayMessage {
  const { id, state, actor, selection, rows: _rows, matchedAll, ...rest } = replay
  return {
    ...rest,
    matchedMore: !matchedAll,
    replayId: id,
    state: states[state],
    actor: actor ?? '',
    selection: toSelectionMessage(selection),
  }
}

function toSelectionMessage(selection: ReplaySelection): SelectionMessage {
  const none = {
    companyId: '',
    provider: '',
    eventTypes: [],
    connectionId: '',
    entityId: '',
    receivedFrom: undefined,
    receivedUntil: undefined,
  }
  if (selection.kind === 'ids') return { ...none, eventIds: [...selection.eventIds] }
  const { companyId, provider, types, connectionId, entityId, receivedFrom, receivedUntil } = selection
  return {
    eventIds: [],
    companyId: companyId ?? '',
    provider: provider ?? '',
    eventTypes: [...types],
    connectionId: connectionId ?? '',
    entityId: entityId ?? '',
    receivedFrom,
    receivedUntil,
  }
}
