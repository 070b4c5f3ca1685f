import type { AttributionServiceImplementation } from '@frontdesk/contracts'
import { callerOf, pageSizeOf, requireAllCompanies } from '@frontdesk/rpc'
import { notFound } from '../app/find-company.ts'
import type { AttributionReader } from '../app/ports.ts'
import { fromEventIdText, fromReasonMessage, fromSequenceToken, nextPageToken, toAttributionMessage } from './convert.ts'

/** `frontdesk.attribution.v1.AttributionService`. */
export function createAttributionService({ attributions }: { attributions: AttributionReader }): AttributionServiceImplementation {
  return {
    async getAttribution({ eventId, revision }, context) {
      const own: ReadonlySet<string> | 'all' = callerOf(context).companies
      const isVisible = (companyId: string) => own === 'all' || own.has(companyId)
      const kept = await attributions.find(fromEventIdText(eventId), revision)
      // What is another company's, or nobody's, looks to a company like what does not exist.
      const companyId = kept?.decision.kind === 'attributed' ? kept.decision.companyId : undefined
      if (!kept || (own !== 'all' && !(companyId && own.has(companyId)))) return notFound('attribution')
      return { attribution: toAttributionMessage(kept, isVisible) }
    },

    async listQuarantine({ reason, pageSize, pageToken }, context) {
      requireAllCompanies(context)
      const limit = pageSizeOf(pageSize)
      const rows = await attributions.listQuarantined({ reason: fromReasonMessage(reason), before: fromSequenceToken(pageToken), limit })
      return {
        attributions: rows.map((row) => toAttributionMessage(row, () => true)),
        nextPageToken: nextPageToken(rows, limit, ({ sequence }) => sequence.toString()),
      }
    },
  }
}
