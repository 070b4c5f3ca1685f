import type { AttributionServiceImplementation } from '@frontdesk/contracts'
import { callerOf, pageSizeOf, requireAllCompanies } from '@frontdesk/rpc'
import { notFound } from '../app/find-company.ts'
import type { AttributionReader } from '../app/ports.ts'
import type { resolveCompany } from '../app/resolve-company.ts'
import { seenBy } from '../domain/seen-by.ts'
import { fromListRequest, toAttributedEvent } from './convert-list.ts'
import {
  fromEventIdText,
  fromReasonMessage,
  fromResolveRequest,
  fromSequenceToken,
  nextPageToken,
  toAttributionMessage,
  toResolutionMessage,
} from './convert.ts'
import { createExplanations } from './explanations.ts'
import { createReviewMethods, type ReviewMethodsDependencies } from './review-methods.ts'

export interface AttributionServiceDependencies extends ReviewMethodsDependencies {
  readonly attributions: AttributionReader
  readonly resolveCompany: ReturnType<typeof resolveCompany>
}

/** Who stands before a company is known, and so has to ask whose something is. */
const resolvers = ['webhook-ingress']

/** `frontdesk.attribution.v1.AttributionService`. */
export function createAttributionService({
  attributions,
  resolveCompany: resolve,
  ...review
}: AttributionServiceDependencies): AttributionServiceImplementation {
  const { explain, explainAll } = createExplanations(review.models)
  return {
    ...createReviewMethods(review),

    async getAttribution({ eventId, revision }, context) {
      const own: ReadonlySet<string> | 'all' = callerOf(context).companies
      const kept = await attributions.find(fromEventIdText(eventId), revision)
      // What is another company's, or nobody's, looks to a company like what does not exist.
      const companyId = kept?.decision.kind === 'attributed' ? kept.decision.companyId : undefined
      if (!kept || (own !== 'all' && !(companyId && own.has(companyId)))) return notFound('attribution')
      if (own === 'all') return { attribution: await explain(kept) }
      const model = (await review.models.find([kept.modelVersion])).get(kept.modelVersion)
      return { attribution: toAttributionMessage(seenBy(own, kept, model)) }
    },

    async listQuarantine({ reason, pageSize, pageToken }, context) {
      requireAllCompanies(context)
      const limit = pageSizeOf(pageSize)
      const rows = await attributions.listQuarantined({ reason: fromReasonMessage(reason), before: fromSequenceToken(pageToken), limit })
      return {
        attributions: await explainAll(rows),
        nextPageToken: nextPageToken(rows, limit, ({ sequence }) => sequence.toString()),
      }
    },

    async listAttributions(request, context) {
      requireAllCompanies(context)
      const { items, nextPageToken: next } = await attributions.list(fromListRequest(request))
      return { events: items.map(toAttributedEvent), nextPageToken: next }
    },

    async resolveCompany(request, context) {
      requireAllCompanies(context, resolvers)
      return { decision: toResolutionMessage(await resolve(fromResolveRequest(request))) }
    },
  }
}
