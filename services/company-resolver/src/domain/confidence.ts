import { logit, sigmoid } from './calibration.ts'
import { caseOf, ownCaseOf } from './case.ts'
import type { MatchedEvidence } from './evidence.ts'
import type { Model } from './model.ts'
import type { Candidate } from './score.ts'

/** What a model knows of earlier cases, in nats; 0 where there were none. */
export interface TrackRecord {
  /** Of such cases, whosever they were. */
  readonly ofCase: number
  /** Of that company's own, beyond that. */
  readonly ofCompany: number
}

/** What became of such cases. */
export function trackRecordOf(evidence: readonly MatchedEvidence[], companyId: string, { calibration }: Model): TrackRecord {
  return { ofCase: calibration[caseOf(evidence, companyId)] ?? 0, ofCompany: calibration[ownCaseOf(evidence, companyId)] ?? 0 }
}

/** The probability that it is the candidate's event: its posterior, calibrated by what became of such cases. */
export function confidenceIn({ companyId, posterior }: Candidate, evidence: readonly MatchedEvidence[], model: Model): number {
  const { ofCase, ofCompany } = trackRecordOf(evidence, companyId, model)
  const added = ofCase + ofCompany
  return added === 0 ? posterior : sigmoid(logit(posterior) + added)
}
