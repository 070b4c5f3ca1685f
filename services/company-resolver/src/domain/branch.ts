import { checkPlace, type Place } from './place.ts'

/** One of the places where a company works, until it is closed. */
export interface Branch extends Place {
  readonly id: string
  readonly companyId: string
  readonly createdAt: Date
  readonly deactivatedAt: Date | undefined
}

/**
 * A branch as it begins.
 * @throws FrontdeskError invalid_argument.
 */
export function newBranch({ id, companyId, createdAt, ...place }: Omit<Branch, 'deactivatedAt'>): Branch {
  return { id, companyId, ...checkPlace(place), createdAt, deactivatedAt: undefined }
}
