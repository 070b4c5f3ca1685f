import type { CompanyId } from '@frontdesk/contracts'
import { type Branch, newBranch } from '../domain/branch.ts'
import type { Author } from '../domain/directory-change.ts'
import { deactivate } from '../domain/lifespan.ts'
import { changePlace, type PlaceChange } from '../domain/place.ts'
import { findActiveCompany, notFound } from './find-company.ts'
import type { BranchStore, CompanyStore, Sources } from './ports.ts'

interface Dependencies {
  readonly branchesOf: (companyId: CompanyId) => BranchStore
}

/** Opens a branch; without a time zone of its own it has the company's. */
export function createBranch({ companies, branchesOf, now, newId }: Dependencies & Sources & { readonly companies: CompanyStore }) {
  return async (companyId: CompanyId, { name, timeZone }: { name: string; timeZone: string | undefined }, by: Author): Promise<Branch> => {
    const company = await findActiveCompany(companies, companyId)
    const branch = newBranch({ id: newId('brn'), companyId, name, timeZone: timeZone ?? company.timeZone, createdAt: now() })
    await branchesOf(companyId).insert(branch, by)
    return branch
  }
}

/** Gives a branch another name or time zone. */
export function updateBranch({ branchesOf }: Dependencies) {
  return async (companyId: CompanyId, { branchId, ...change }: PlaceChange & { branchId: string }, by: Author): Promise<Branch> =>
    (await branchesOf(companyId).change(branchId, (branch) => changePlace(branch, change), by)) ?? notFound('branch')
}

/** Closes a branch; its phone numbers stay the company's. */
export function deactivateBranch({ branchesOf, now }: Dependencies & Pick<Sources, 'now'>) {
  return async (companyId: CompanyId, branchId: string, by: Author): Promise<Branch> =>
    (await branchesOf(companyId).change(branchId, (branch) => deactivate(branch, now()), by)) ?? notFound('branch')
}
