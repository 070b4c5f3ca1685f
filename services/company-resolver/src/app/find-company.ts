import type { CompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Company } from '../domain/company.ts'
import type { CompanyStore } from './ports.ts'

/** @throws FrontdeskError not_found. */
export async function findCompany(companies: Pick<CompanyStore, 'find'>, companyId: CompanyId): Promise<Company> {
  return (await companies.find(companyId)) ?? notFound('company')
}

/** @throws FrontdeskError not_found, failed_precondition. */
export async function findActiveCompany(companies: CompanyStore, companyId: CompanyId): Promise<Company> {
  const company = await findCompany(companies, companyId)
  requireActive(company)
  return company
}

/** @throws FrontdeskError failed_precondition. */
export function requireActive({ deactivatedAt }: Company): void {
  if (deactivatedAt) throw new FrontdeskError('failed_precondition', { publicMessage: 'The company is deactivated.' })
}

/** @throws FrontdeskError not_found: another company's id reads the same as an unknown one. */
export function notFound(what: string): never {
  throw new FrontdeskError('not_found', { publicMessage: `There is no such ${what}.` })
}
