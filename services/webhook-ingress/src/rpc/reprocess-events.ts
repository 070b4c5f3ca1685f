import {
  type LedgerServiceImplementation,
  parseEventId,
  type ReprocessEventsRequest,
  type ReprocessedEvent,
  ReprocessMode,
  ReprocessOutcome,
} from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'
import { callerOf, requireAllCompanies } from '@frontdesk/rpc'
import type { Reprocessed, ReprocessRequest } from '../app/reprocess.ts'

const idsMax = 100
const differencesOfOneMax = 20
/** For all events of an answer together; one delivery may hold 2,000. */
const differencesMax = 2_000

/** The method of `frontdesk.ledger.v1.LedgerService` that sends events again. */
export function createReprocessMethod(
  reprocess: (request: ReprocessRequest) => Promise<Reprocessed[]>,
): Pick<LedgerServiceImplementation, 'reprocessEvents'> {
  return {
    async reprocessEvents(request, context) {
      requireAllCompanies(context)
      const { caller, actor } = callerOf(context)
      const events = await reprocess({ ...fromRequest(request), by: { caller, actor } })
      return { events: toMessages(events) }
    },
  }
}

const modes = {
  [ReprocessMode.AS_PUBLISHED]: 'as_published',
  [ReprocessMode.RENORMALIZE]: 'renormalize',
} as const

function fromRequest({ eventIds, deliveryId, mode, dryRun, runId }: ReprocessEventsRequest): Omit<ReprocessRequest, 'by'> {
  if (mode !== ReprocessMode.AS_PUBLISHED && mode !== ReprocessMode.RENORMALIZE) {
    throw invalidArgument('mode: as published, or renormalized.')
  }
  if (eventIds.length > 0 === (deliveryId !== '')) throw invalidArgument('event_ids or delivery_id: one of them.')
  if (eventIds.length > idsMax) throw invalidArgument(`event_ids: at most ${idsMax}.`)
  if (runId && !/^[\w-]{8,40}$/.test(runId)) throw invalidArgument('run_id: 8 to 40 letters, digits, _ and -.')
  const ids = eventIds.map((text) => {
    const id = parseEventId(text)
    if (!id) throw invalidArgument('event_ids: of 64 lower-case hex digits each.')
    return id
  })
  return { of: deliveryId === '' ? { eventIds: ids } : { deliveryId }, mode: modes[mode], dryRun, runId: runId || undefined }
}

const outcomes = {
  raised: ReprocessOutcome.RAISED,
  added: ReprocessOutcome.ADDED,
  unchanged: ReprocessOutcome.UNCHANGED,
  unknown_event: ReprocessOutcome.UNKNOWN_EVENT,
  body_purged: ReprocessOutcome.BODY_PURGED,
  content_purged: ReprocessOutcome.CONTENT_PURGED,
  not_made: ReprocessOutcome.NOT_MADE,
  sent_before: ReprocessOutcome.SENT_BEFORE,
} as const satisfies Record<Reprocessed['outcome'], ReprocessOutcome>

function toMessages(events: readonly Reprocessed[]): ReprocessedEvent[] {
  let room = differencesMax
  return events.map((reprocessed) => {
    const message = toMessage(reprocessed, Math.min(room, differencesOfOneMax))
    room -= message.differences.length
    return message
  })
}

function toMessage(reprocessed: Reprocessed, differencesShown: number): ReprocessedEvent {
  const { outcome } = reprocessed
  const nothing = { nextRevision: 0, nextEventType: '', differences: [], furtherDifferences: 0, comparedWithNothing: false }
  const common = { ...nothing, outcome: outcomes[outcome] }
  if (outcome === 'unknown_event') return { ...common, eventId: reprocessed.eventId, deliveryId: '', revision: 0, eventType: '' }
  const { eventId, deliveryId, revision, type } = reprocessed.event
  const known = { ...common, eventId, deliveryId, revision, eventType: revision === 0 ? '' : type }
  if (outcome !== 'raised' && outcome !== 'added') return known
  const differences = reprocessed.differences ?? []
  return {
    ...known,
    nextRevision: reprocessed.revision,
    nextEventType: reprocessed.content.type,
    differences: differences.slice(0, differencesShown).map((difference) => ({ ...difference })),
    furtherDifferences: Math.max(0, differences.length - differencesShown),
    comparedWithNothing: reprocessed.differences === undefined,
  }
}
