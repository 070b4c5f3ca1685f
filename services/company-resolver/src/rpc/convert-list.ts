import {
  type AttributedEvent,
  AttributionStatus,
  EventSource,
  isCompanyId,
  isEventType,
  type ListAttributionsRequest,
} from '@frontdesk/contracts'
import { unknownPageToken } from '@frontdesk/database'
import { invalidArgument } from '@frontdesk/errors'
import { pageSizeOf } from '@frontdesk/rpc'
import type { AttributionQuery, ListedAttribution } from '../app/ports.ts'
import { isProviderName } from '../wire/evidence.ts'
import { fromInstantMessage, toDecisionMessage } from './convert.ts'

const typesMax = 32

/** @throws FrontdeskError invalid_argument that names the field. */
export function fromListRequest(request: ListAttributionsRequest): AttributionQuery {
  const { companyId, eventTypes, provider, pageToken } = request
  const status = fromStatus(request.status)
  const decidedFrom = fromInstantMessage('decided_from', request.decidedFrom)
  const decidedUntil = fromInstantMessage('decided_until', request.decidedUntil)
  if (companyId && !isCompanyId(companyId)) throw invalidArgument('company_id: give a company id (cmp_…)')
  if (companyId && status === 'quarantined') throw invalidArgument('status: a quarantined event has no company; leave company_id out')
  if (eventTypes.length > typesMax) throw invalidArgument(`event_types: at most ${typesMax}`)
  const unknown = eventTypes.find((type) => !isEventType(type))
  if (unknown !== undefined) throw invalidArgument('event_types: one of them is not in the catalogue; give such as frontdesk.call.ended.v1')
  if (provider && !isProviderName(provider)) throw invalidArgument('provider: give a provider’s name, such as retell')
  if (decidedFrom && decidedUntil && decidedFrom >= decidedUntil) throw invalidArgument('decided_until: give an instant after decided_from')
  if (pageToken && !/^\d{1,15}\.\d{1,19}$/.test(pageToken)) throw unknownPageToken()
  return {
    companyId: companyId || undefined,
    status,
    types: eventTypes,
    provider: provider || undefined,
    decidedFrom,
    decidedUntil,
    limit: pageSizeOf(request.pageSize),
    pageToken,
  }
}

export function toAttributedEvent({ event, decision, decidedAt }: ListedAttribution): AttributedEvent {
  const { eventId, revision, eventType, source } = event
  return {
    eventId,
    revision,
    eventType,
    source: { ...EventSource.fromJSON(source), evidence: [] },
    decision: toDecisionMessage(decision),
    decidedAt,
  }
}

function fromStatus(status: AttributionStatus): AttributionQuery['status'] {
  switch (status) {
    case AttributionStatus.UNSPECIFIED:
      return undefined
    case AttributionStatus.ATTRIBUTED:
      return 'attributed'
    case AttributionStatus.QUARANTINED:
      return 'quarantined'
    default:
      throw invalidArgument('status: there is no such status')
  }
}
