import type { MatchedEvidence } from './evidence.ts'

/**
 * What kind of case the evidence makes for a company, such as "phone_number own, voice_agent unknown": by each piece whether the company
 * has it alone, shares it, others have it, or nobody. Values are not in it, so that such cases come again.
 */
export function caseOf(evidence: readonly MatchedEvidence[], companyId: string): string {
  return evidence.map(({ kind, companyIds }) => `${kind} ${standingOf(companyIds, companyId)}`).join(', ')
}

/** The same case of that company alone. */
export function ownCaseOf(evidence: readonly MatchedEvidence[], companyId: string): string {
  return `${caseOf(evidence, companyId)} of ${companyId}`
}

function standingOf(companyIds: readonly string[], companyId: string): string {
  if (companyIds.length === 0) return 'unknown'
  if (!companyIds.includes(companyId)) return 'others’'
  return companyIds.length > 1 ? 'shared' : 'own'
}
