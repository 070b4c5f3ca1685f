import { type LedgerServiceImplementation, parseEventId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { pageSizeOf, requireAllCompanies } from '@frontdesk/rpc'
import type { LedgerReader, RefusalReader } from '../app/ports.ts'
import { fromEventsToken, fromFilter, fromRefusalsRequest, toDelivery, toLedgerEvent } from './convert.ts'

/** `frontdesk.ledger.v1.LedgerService`. A delivery has no company yet, so every method needs a token for all of them. */
export function createLedgerService(ledger: LedgerReader, refusals: RefusalReader): Omit<LedgerServiceImplementation, 'reprocessEvents'> {
  return {
    async getEvent(request, context) {
      requireAllCompanies(context)
      const id = parseEventId(request.eventId)
      if (!id) throw new FrontdeskError('invalid_argument', { publicMessage: 'event_id: 64 lower-case hex digits.' })
      const event = await ledger.event(id)
      if (!event) throw new FrontdeskError('not_found', { publicMessage: 'There is no such event in the ledger.' })
      return { event: toLedgerEvent(event) }
    },

    async listEvents(request, context) {
      requireAllCompanies(context)
      const { events, nextPageToken } = await ledger.list({
        ...fromFilter(request),
        limit: pageSizeOf(request.pageSize),
        pageToken: fromEventsToken(request.pageToken),
      })
      return { events: events.map(toLedgerEvent), nextPageToken }
    },

    async getDelivery(request, context) {
      requireAllCompanies(context)
      const delivery = await ledger.delivery(request.deliveryId)
      if (!delivery)
        throw new FrontdeskError('not_found', {
          publicMessage: 'There is no such delivery in the ledger: there never was, or its body is past its retention.',
        })
      return { delivery: toDelivery(delivery) }
    },

    async listRefusals(request, context) {
      requireAllCompanies(context)
      const { items, nextPageToken } = await refusals.list(fromRefusalsRequest(request))
      return { refusals: items.map(({ connectionId, ...refusal }) => ({ ...refusal, connectionId: connectionId ?? '' })), nextPageToken }
    },
  }
}
