import type { CompanyId } from '@frontdesk/contracts'
import type { Company } from '../domain/company.ts'
import { notFound } from './find-company.ts'
import type { CompanyStore, Sources } from './ports.ts'

/** Ends a company's service: what is received from now on is quarantined. */
export function deactivateCompany({ companies, now }: { companies: CompanyStore } & Pick<Sources, 'now'>) {
  return async (companyId: CompanyId): Promise<Company> => (await companies.deactivate(companyId, now())) ?? notFound('company')
}
