import { type AttributionServiceClient, AttributionStatus, parseEventId } from '@frontdesk/contracts'
import type { AttributedEvents } from '../app/replay-ports.ts'

const pageSize = 200
/** Who decides is another machine. */
const clockDifferenceMs = 60_000

/** The resolver's decisions over gRPC, a page after the other. */
export function createAttributedEvents(client: Pick<AttributionServiceClient, 'listAttributions'>): AttributedEvents {
  return {
    async *of(companyId, { types, provider }, since) {
      const filter = { companyId, eventTypes: [...types], provider: provider ?? '', status: AttributionStatus.UNSPECIFIED }
      const decidedFrom = new Date(since.getTime() - clockDifferenceMs)
      let pageToken = ''
      do {
        // Each page begins where the one before ended.
        const page = await client.listAttributions({ ...filter, decidedFrom, decidedUntil: undefined, pageSize, pageToken })
        yield page.events.flatMap(({ eventId: text, revision }) => {
          const eventId = parseEventId(text)
          return eventId ? [{ eventId, revision }] : []
        })
        pageToken = page.nextPageToken
      } while (pageToken !== '')
    },
  }
}
