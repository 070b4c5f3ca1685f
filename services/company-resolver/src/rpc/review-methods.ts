import type { AttributionServiceImplementation } from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'
import { pageSizeOf, requireAllCompanies, requireCompany } from '@frontdesk/rpc'
import type { discardEvent } from '../app/discard-event.ts'
import type { planReattribution } from '../app/plan-reattribution.ts'
import type { ModelStore } from '../app/model-ports.ts'
import type { ReviewStore } from '../app/ports.ts'
import type { releaseEvent } from '../app/release-event.ts'
import { authorOf, personOf } from './author.ts'
import type { releaseSiblings } from '../app/release-siblings.ts'
import type { reviewAttribution } from '../app/review-attribution.ts'
import { fromMissingSignal, fromPlanRequest, fromSignalMessage, toLabelMessage, toPlanMessage, toSiblingMessage } from './convert-review.ts'
import { createExplanations } from './explanations.ts'
import { fromEventIdText, fromSequenceToken, nextPageToken } from './convert.ts'

/** What persons do with attributions. */
export interface ReviewMethodsDependencies {
  readonly models: Pick<ModelStore, 'find'>
  readonly reviews: ReviewStore
  readonly releaseEvent: ReturnType<typeof releaseEvent>
  readonly discardEvent: ReturnType<typeof discardEvent>
  readonly releaseSiblings: ReturnType<typeof releaseSiblings>
  readonly reviewAttribution: ReturnType<typeof reviewAttribution>
  readonly planReattribution: ReturnType<typeof planReattribution>
}

type Methods = 'releaseEvent' | 'discardEvent' | 'releaseSiblings' | 'listAudits' | 'reviewAttribution' | 'planReattribution' | 'listLabels'

/** More waiting events than these are not counted after a release. */
const siblingsCountedMax = 1_000

/** The part of `AttributionService` in which a person decides; all of it needs a token for all companies. */
export function createReviewMethods(deps: ReviewMethodsDependencies): Pick<AttributionServiceImplementation, Methods> {
  const { explain, explainAll } = createExplanations(deps.models)
  return {
    async releaseEvent(request, context) {
      requireAllCompanies(context)
      const addSignal = fromMissingSignal(request.addSignal)
      const companyId = requireCompany(context, request.companyId)
      const { attribution, alreadyReleased } = await deps.releaseEvent({
        eventId: fromEventIdText(request.eventId),
        companyId,
        by: authorOf(context),
        addSignal,
      })
      const answer = { attribution: await explain(attribution), alreadyReleased, siblings: 0 }
      if (!addSignal || alreadyReleased) return answer
      const offered = { evidence: addSignal, before: undefined, limit: siblingsCountedMax, dryRun: true, by: personOf(context) }
      const { siblings } = await deps.releaseSiblings(offered)
      return { ...answer, siblings: siblings.length }
    },

    async discardEvent({ eventId, companyId: ended, note }, context) {
      requireAllCompanies(context)
      const companyId = ended === '' ? undefined : requireCompany(context, ended)
      const made = await deps.discardEvent({ eventId: fromEventIdText(eventId), companyId, note, by: personOf(context) })
      return { attribution: await explain(made.attribution), alreadyDiscarded: made.alreadyDiscarded }
    },

    async releaseSiblings({ signal, dryRun, pageSize, pageToken }, context) {
      requireAllCompanies(context)
      const limit = pageSizeOf(pageSize)
      const evidence = fromSignalMessage(signal)
      const before = fromSequenceToken(pageToken)
      const { siblings, lookedAt } = await deps.releaseSiblings({ evidence, before, limit, dryRun, by: personOf(context) })
      return {
        siblings: siblings.map(toSiblingMessage),
        nextPageToken: nextPageToken(lookedAt, limit, ({ sequence }) => sequence.toString()),
      }
    },

    async listAudits({ pageSize, pageToken }, context) {
      requireAllCompanies(context)
      const { items, nextPageToken: next } = await deps.reviews.listAudits({ limit: pageSizeOf(pageSize), pageToken })
      return { attributions: await explainAll(items), nextPageToken: next }
    },

    async reviewAttribution({ eventId, note, nobodys, ...request }, context) {
      requireAllCompanies(context)
      if (nobodys && request.companyId) throw invalidArgument('company_id: leave it empty for what is nobody’s')
      const companyId = nobodys ? undefined : requireCompany(context, request.companyId)
      const command = { eventId: fromEventIdText(eventId), companyId, note, by: personOf(context) }
      const { attribution, corrected } = await deps.reviewAttribution(command)
      return { attribution: await explain(attribution), corrected }
    },

    async planReattribution(request, context) {
      requireAllCompanies(context)
      return toPlanMessage(await deps.planReattribution(fromPlanRequest(request)))
    },

    async listLabels({ pageSize, pageToken }, context) {
      requireAllCompanies(context)
      const limit = pageSizeOf(pageSize)
      const labels = await deps.reviews.listLabels({ after: fromSequenceToken(pageToken) ?? 0n, limit })
      return {
        labels: labels.map(toLabelMessage),
        nextPageToken: nextPageToken(labels, limit, ({ sequence }) => sequence.toString()),
      }
    },
  }
}
