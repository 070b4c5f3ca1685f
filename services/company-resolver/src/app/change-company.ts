import type { CompanyId } from '@frontdesk/contracts'
import type { Company } from '../domain/company.ts'
import type { Author } from '../domain/directory-change.ts'
import { deactivate, reactivate } from '../domain/lifespan.ts'
import { changePlace, type PlaceChange } from '../domain/place.ts'
import { notFound } from './find-company.ts'
import type { CompanyStore, Sources } from './ports.ts'

interface Dependencies {
  readonly companies: Pick<CompanyStore, 'change'>
}

/** Gives a company another name or time zone. */
export function updateCompany({ companies }: Dependencies) {
  return async (companyId: CompanyId, change: PlaceChange, by: Author): Promise<Company> =>
    (await companies.change(companyId, (company) => changePlace(company, change), by)) ?? notFound('company')
}

/** Ends a company's service: what is received from now on is quarantined. */
export function deactivateCompany({ companies, now }: Dependencies & Pick<Sources, 'now'>) {
  return async (companyId: CompanyId, by: Author): Promise<Company> =>
    (await companies.change(companyId, (company) => deactivate(company, now()), by)) ?? notFound('company')
}

/** Takes up a company's service again: what is received from now on is attributed. */
export function reactivateCompany({ companies }: Dependencies) {
  return async (companyId: CompanyId, by: Author): Promise<Company> =>
    (await companies.change(companyId, reactivate, by)) ?? notFound('company')
}
