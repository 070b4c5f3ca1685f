import type { CompanyId } from '@frontdesk/contracts'
import { type Company, newCompany } from '../domain/company.ts'
import type { Author } from '../domain/directory-change.ts'
import { newSignal } from '../domain/signal.ts'
import type { CompanyStore, Sources } from './ports.ts'

interface Dependencies extends Sources {
  readonly companies: CompanyStore
  readonly newCompanyId: () => CompanyId
}

/** Takes a company into the directory; its id is what we write into the metadata of a provider's objects, and so a signal. */
export function createCompany({ companies, now, newId, newCompanyId }: Dependencies) {
  return async (command: { name: string; timeZone: string }, by: Author): Promise<Company> => {
    const company = newCompany({ ...command, id: newCompanyId(), createdAt: now() })
    const signal = newSignal({
      id: newId('sig'),
      companyId: company.id,
      kind: 'metadata',
      value: company.id,
      validFrom: undefined,
      validUntil: undefined,
    })
    await companies.insert(company, signal, by)
    return company
  }
}
