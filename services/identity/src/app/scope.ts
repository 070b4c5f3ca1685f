import { invalidArgument } from '@frontdesk/errors'
import { isCompanyId } from '@frontdesk/contracts'

const servicePattern = /^[a-z][a-z0-9-]{0,62}$/
const maxServices = 20
/** As many as fit into a token that every verifier takes. */
const maxCompanies = 100

/** @throws FrontdeskError invalid_argument unless it names 1 to 20 services. */
export function checkAudience(audience: readonly string[]): readonly string[] {
  if (audience.length === 0 || audience.length > maxServices || !audience.every((name) => servicePattern.test(name))) {
    throw invalidArgument(`audience: give 1 to ${maxServices} services’ names`)
  }
  return audience
}

/** @throws FrontdeskError invalid_argument unless they are 1 to 100 company ids. */
export function checkCompanies(companyIds: readonly string[]): void {
  if (companyIds.length === 0 || companyIds.length > maxCompanies || !companyIds.every(isCompanyId)) {
    throw invalidArgument(`company_ids: give 1 to ${maxCompanies} company ids`)
  }
}
