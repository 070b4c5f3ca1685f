import type { CompanyId } from '@frontdesk/contracts'
import { type Company, newCompany } from '../domain/company.ts'
import type { CompanyStore, Sources } from './ports.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly companies: CompanyStore
  readonly newCompanyId: () => CompanyId
}

/** Takes a company into the directory. */
export function createCompany({ companies, now, newCompanyId }: Dependencies) {
  return async (command: { name: string; timeZone: string }): Promise<Company> => {
    const company = newCompany({ ...command, id: newCompanyId(), createdAt: now() })
    await companies.insert(company)
    return company
  }
}
