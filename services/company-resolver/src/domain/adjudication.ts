import type { Attribution } from './attribute.ts'
import { auditPropensity } from './audit.ts'
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

/** How likely it is that a person sees the event: whatever waits is seen, and of the others those that an audit draws. */
function propensityOf({ decision }: Pick<Attribution, 'decision'>): number {
  return decision.kind === 'quarantined' ? quarantinePropensity : auditPropensity
}

/**
 * The label that a person's finding makes of a decision; undefined where that says nothing of signals, since a company that
 * has ended or a body that does not fit kept the event back.
 */
export function adjudicate(decided: Pick<Attribution, 'decision' | 'waterfall'>, companyId: string | undefined): Adjudication | undefined {
  const { decision, waterfall } = decided
  if (decision.kind === 'quarantined' && (decision.reason === 'inactive_company' || decision.reason === 'schema_drift')) return undefined
  const evidence = waterfall.map(({ kind, value, companyIds }): MatchedEvidence => ({ kind, value, companyIds }))
  return { evidence, companyId, propensity: propensityOf(decided) }
}
