import { vouchForCompanyId } from '@frontdesk/contracts'
import { judge, type Question } from '../domain/attribute.ts'
import type { Company } from '../domain/company.ts'
import type { Decision } from '../domain/decide.ts'
import { findCompany } from './find-company.ts'
import type { CompanyStore, SignalLookUp } from './ports.ts'

/** Whose something is, with the company itself; or why it is nobody's. */
export type Resolution =
  | { readonly kind: 'resolved'; readonly company: Company; readonly confidence: number }
  | Extract<Decision, { kind: 'quarantined' }>

export interface ResolveCompanyDependencies {
  readonly lookUp: SignalLookUp
  readonly companies: Pick<CompanyStore, 'find'>
  readonly now: () => Date
}

/** Works out whom evidence names at this moment, as an event received now would be attributed; keeps nothing. */
export function resolveCompany({ lookUp, companies, now }: ResolveCompanyDependencies) {
  return async ({ provider, evidence }: Pick<Question, 'provider' | 'evidence'>): Promise<Resolution> => {
    const question: Question = { provider, evidence, receivedAt: now(), entityStartedAt: undefined, schemaViolations: [] }
    const { known, model } = await lookUp(evidence)
    const { decision } = judge(question, undefined, known, model)
    if (decision.kind === 'quarantined') return decision
    const company = await findCompany(companies, vouchForCompanyId(decision.companyId))
    return { kind: 'resolved', company, confidence: decision.confidence }
  }
}
