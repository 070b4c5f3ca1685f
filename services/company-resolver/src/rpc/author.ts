import type { CompanyId } from '@frontdesk/contracts'
import { callerOf, requireAllCompanies, requireCompany } from '@frontdesk/rpc'
import type { Author } from '../domain/directory-change.ts'

/** Who makes the change that a call asks for. */
export function authorOf(context: object): Author {
  const { caller, actor } = callerOf(context)
  return { caller, actor }
}

/** Who acts: the person behind a call, or else its caller. */
export function personOf(context: object): string {
  const { actor, caller } = callerOf(context)
  return actor ?? caller
}

/** The company of a change that only the platform may make, and who makes it. */
export function platformRequest(context: object, companyId: string): { companyId: CompanyId; by: Author } {
  requireAllCompanies(context)
  return { companyId: requireCompany(context, companyId), by: authorOf(context) }
}
