import { confidenceIn } from './confidence.ts'
import type { Model } from './model.ts'
import type { Score } from './score.ts'

/** Why an event goes to no company. */
export const quarantineReasons = ['no_match', 'ambiguous', 'low_confidence', 'conflict', 'inactive_company', 'schema_drift'] as const

/** The reason of a quarantine. */
export type QuarantineReason = (typeof quarantineReasons)[number]

/** How an event left the quarantine: by whose decision, when, and why it had waited. */
export interface Release {
  readonly by: string
  readonly at: Date
  /** Undefined where a person corrected what had been attributed. */
  readonly from: QuarantineReason | undefined
}

/** How a quarantined event was let go of: by whose decision, when, and why. */
export interface Discard {
  readonly by: string
  readonly at: Date
  readonly note: string
}

/** What becomes of an event. */
export type Decision =
  | {
      readonly kind: 'attributed'
      readonly companyId: string
      readonly confidence: number
      /** Where a person decided. */
      readonly release?: Release | undefined
    }
  | {
      readonly kind: 'quarantined'
      readonly reason: QuarantineReason
      readonly details: readonly string[]
      /** Where a person decided that it is nobody's. */
      readonly discard?: Discard | undefined
    }

/** What a decision needs besides the score. */
export interface DecisionContext {
  /** What of the body did not fit its schema; empty if all did. */
  readonly schemaViolations: readonly string[]
  readonly isActive: (companyId: string) => boolean
}

/** Attributes only what is sure enough and vetoed by nothing. There is no default company. */
export function decide(score: Score, context: DecisionContext, model: Model): Decision {
  if (context.schemaViolations.length > 0) return quarantined('schema_drift', context.schemaViolations)

  const trusted = score.waterfall.filter(({ kind, companyIds }) => model.kinds[kind].trusted && companyIds.length > 0)
  const undisputed = (companyId: string) => trusted.every(({ companyIds }) => companyIds.includes(companyId))
  const [best, second] = score.candidates
  if (best && !score.candidates.some(({ companyId }) => undisputed(companyId))) return quarantined('conflict')

  // Whoever holds a connection's secret chose every byte under it: without the connection's own signal, none of it counts.
  const unknownConnection = score.waterfall.some(({ kind, companyIds }) => kind === 'connection' && companyIds.length === 0)
  if (!best || unknownConnection || score.nonePosterior >= best.posterior) return quarantined('no_match')

  if (!undisputed(best.companyId)) return quarantined('conflict')
  if (second && best.posterior - second.posterior < model.minMargin) return quarantined('ambiguous')
  const confidence = confidenceIn(best, score.waterfall, model)
  if (confidence < model.minConfidence || best.posterior - score.nonePosterior < model.minMargin) return quarantined('low_confidence')
  if (!context.isActive(best.companyId)) return quarantined('inactive_company')
  return { kind: 'attributed', companyId: best.companyId, confidence }
}

function quarantined(reason: QuarantineReason, details: readonly string[] = []): Decision {
  return { kind: 'quarantined', reason, details }
}
