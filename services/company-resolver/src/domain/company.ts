import { checkPlace, type Place } from './place.ts'

/** A company that Frontdesk serves, until it is deactivated. */
export interface Company extends Place {
  readonly id: string
  readonly createdAt: Date
  readonly deactivatedAt: Date | undefined
}

/**
 * A company as it begins.
 * @throws FrontdeskError invalid_argument.
 */
export function newCompany({ id, createdAt, ...place }: Omit<Company, 'deactivatedAt'>): Company {
  return { id, ...checkPlace(place), createdAt, deactivatedAt: undefined }
}
