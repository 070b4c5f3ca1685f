import type { CompanyId } from '@frontdesk/contracts'
import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import { authorizeCompany, type Caller } from '@frontdesk/rpc'

/** What is named in the refusal of a call without a company: the caller's own, and only so many. */
const namedMax = 20

/**
 * The company of a tool call: the only one of the token, else the argument, which must be in the token.
 * @throws FrontdeskError `not_found` for another company, as for one that does not exist; `invalid_argument` without one.
 */
export function companyOfCall(caller: Caller, companyId: string | undefined): CompanyId {
  if (companyId !== undefined) return authorize(caller, companyId)
  if (caller.companies === 'all') throw missing('your token is for every company')
  const [only, ...others] = caller.companies
  if (only === undefined) throw new FrontdeskError('not_found', { publicMessage: 'Your token is for no company.' })
  if (others.length === 0) return only
  const named = [only, ...others].slice(0, namedMax).join(', ')
  throw missing(`your token is for several companies: ${named}${others.length >= namedMax ? ', …' : ''}`)
}

function authorize(caller: Caller, companyId: string): CompanyId {
  try {
    return authorizeCompany(caller, companyId)
  } catch (error) {
    if (!isFrontdeskError(error, 'permission_denied')) throw error
    throw new FrontdeskError('not_found', { publicMessage: 'There is no such company.', cause: error })
  }
}

function missing(why: string): FrontdeskError {
  return new FrontdeskError('invalid_argument', { publicMessage: `company_id: name one, since ${why}.` })
}
