import type {
  Evidence as EvidenceMessage,
  Label as LabelMessage,
  MissingSignal,
  PlanReattributionRequest,
  PlanReattributionResponse,
  Sibling as SiblingMessage,
} from '@frontdesk/contracts'
import { isCompanyId } from '@frontdesk/contracts'
import { unknownPageToken } from '@frontdesk/database'
import { invalidArgument } from '@frontdesk/errors'
import type { ReattributionPlan } from '../app/plan-reattribution.ts'
import type { Label, ReattributionQuery } from '../app/ports.ts'
import type { ReleaseCommand } from '../app/release-event.ts'
import type { Sibling } from '../app/release-siblings.ts'
import { type Evidence, normalizeValue } from '../domain/evidence.ts'
import { evidenceKindMessages } from '../wire/names.ts'
import { toAttributedEvent } from './convert-list.ts'
import { fromInstantMessage, fromSignalKindMessage, toAttributionMessage, toDecisionMessage } from './convert.ts'

/** @throws FrontdeskError invalid_argument. */
export function fromMissingSignal(message: MissingSignal | undefined): ReleaseCommand['addSignal'] {
  if (!message) return undefined
  return { ...fromSignalMessage(message.evidence), validFrom: fromInstantMessage('add_signal.valid_from', message.validFrom) }
}

/** @throws FrontdeskError invalid_argument. */
export function fromSignalMessage(message: EvidenceMessage | undefined) {
  if (!message?.value) throw invalidArgument('signal: give a kind and a value')
  const kind = fromSignalKindMessage(message.kind)
  return { kind, value: normalizeValue(kind, message.value) }
}

export function toSiblingMessage({ waiting, companyId, confidence, released }: Sibling): SiblingMessage {
  return { event: toAttributedEvent(waiting), companyId, confidence, released }
}

export function toLabelMessage({ attribution, review }: Label): LabelMessage {
  const { companyId = '', propensity = 0, by: reviewedBy, at: reviewedAt } = review
  return { attribution: toAttributionMessage(attribution), companyId, propensity, reviewedBy, reviewedAt }
}

const planSizeMax = 1_000

/** @throws FrontdeskError invalid_argument that names the field. */
export function fromPlanRequest({ companyId, pageSize, pageToken, ...window }: PlanReattributionRequest): ReattributionQuery {
  const decidedFrom = fromInstantMessage('decided_from', window.decidedFrom)
  const decidedUntil = fromInstantMessage('decided_until', window.decidedUntil)
  if (!decidedFrom || !decidedUntil) throw invalidArgument('decided_from: give both ends of the window')
  if (decidedFrom >= decidedUntil) throw invalidArgument('decided_until: give an instant after decided_from')
  if (companyId && !isCompanyId(companyId)) throw invalidArgument('company_id: give a company id (cmp_…)')
  if (pageSize > planSizeMax) throw invalidArgument(`page_size: at most ${planSizeMax}`)
  if (pageToken && !/^\d{1,15}\.\d{1,19}$/.test(pageToken)) throw unknownPageToken()
  return { decidedFrom, decidedUntil, companyId: companyId || undefined, limit: pageSize || planSizeMax, pageToken }
}

export function toPlanMessage({ changes, lookedAt, nextPageToken }: ReattributionPlan): PlanReattributionResponse {
  return {
    lookedAt,
    nextPageToken,
    changes: changes.map(({ kept, companyId, decision, changedEvidence, modelVersion }) => {
      const { eventId, revision, eventType, source } = toAttributedEvent(kept)
      return {
        eventId,
        revision,
        eventType,
        entityId: source?.entityId ?? '',
        companyId,
        decision: toDecisionMessage(decision),
        changedEvidence: changedEvidence.map(({ evidence, before, now }) => ({
          evidence: toEvidenceMessage(evidence),
          companyIdsBefore: [...before],
          companyIdsNow: [...now],
        })),
        modelVersionBefore: kept.modelVersion,
        modelVersionNow: modelVersion,
      }
    }),
  }
}

function toEvidenceMessage({ kind, value }: Evidence): EvidenceMessage {
  return { kind: evidenceKindMessages[kind], value }
}
