import type { Attribution } from './attribute.ts'
import { auditPropensity } from './audit.ts'
import type { QuarantineReason } from './decide.ts'
import type { MatchedEvidence } from './evidence.ts'
import { quarantinePropensity } from './review.ts'

/** What a person found out about one event: a label of the fit. */
export interface Adjudication {
  /** As it matched when the event was decided on. */
  readonly evidence: readonly MatchedEvidence[]
  /** Whose it was; undefined if no company's of ours. */
  readonly companyId: string | undefined
  /** How likely it was that a person would see the event, above 0. */
  readonly propensity: number
}

/** What kept an event back for other reasons than its evidence. */
export const saysNothing: readonly QuarantineReason[] = ['inactive_company', 'schema_drift']

/** How likely it is that a person sees the event: whatever waits is seen, and of the others those that an audit draws. */
function propensityOf({ decision }: Pick<Attribution, 'decision'>): number {
  return decision.kind === 'quarantined' ? quarantinePropensity : auditPropensity
}

/** A decision's evidence, why it had waited, if it had, and what a person found out. */
interface Finding extends Omit<Adjudication, 'evidence'> {
  readonly waterfall: readonly MatchedEvidence[]
  readonly waitedFor: QuarantineReason | undefined
}

/**
 * The label that a person's finding makes; undefined where that says nothing of signals, since a company that has ended or a
 * body that does not fit kept the event back.
 */
export function labelOf({ waterfall, waitedFor, companyId, propensity }: Finding): Adjudication | undefined {
  if (waitedFor && saysNothing.includes(waitedFor)) return undefined
  const evidence = waterfall.map(({ kind, value, companyIds }): MatchedEvidence => ({ kind, value, companyIds }))
  return { evidence, companyId, propensity }
}

/** The label that a person's finding makes of a decision as it was made. */
export function adjudicate(decided: Pick<Attribution, 'decision' | 'waterfall'>, companyId: string | undefined): Adjudication | undefined {
  const { decision, waterfall } = decided
  const waitedFor = decision.kind === 'quarantined' ? decision.reason : undefined
  return labelOf({ waterfall, waitedFor, companyId, propensity: propensityOf(decided) })
}
