import { isCompanyId, vouchForCompanyId, type CompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'

/** Who calls, as its token proved: the service or person, the companies it may act for, and the actor behind it. */
export interface Caller {
  readonly caller: string
  readonly companies: ReadonlySet<CompanyId> | 'all'
  readonly actor?: string
}

// By the call's context, so that no header or message can set it.
const callers = new WeakMap<object, Caller>()

export function rememberCaller(context: object, caller: Caller): void {
  callers.set(context, caller)
}

/**
 * The verified caller of a call on a server of ours.
 * @throws Error if the context is not one that the server handed to a method.
 */
export function callerOf(context: object): Caller {
  const caller = callers.get(context)
  if (!caller) throw new Error('this call context has no caller: pass on the context that the method was called with')
  return caller
}

/**
 * The request's company, vouched for by the caller's token.
 * @throws FrontdeskError invalid_argument if it has not the form of a company id, permission_denied if the token is not for it.
 */
export function requireCompany(context: object, companyId: string): CompanyId {
  return authorizeCompany(callerOf(context), companyId)
}

/**
 * The company, vouched for by what the caller's token proved; for doors other than the RPC server's.
 * @throws FrontdeskError invalid_argument if it has not the form of a company id, permission_denied if the token is not for it.
 */
export function authorizeCompany({ caller, companies }: Caller, companyId: string): CompanyId {
  if (!isCompanyId(companyId)) {
    throw new FrontdeskError('invalid_argument', { publicMessage: 'company_id must be a company id (cmp_…).' })
  }
  const trusted = vouchForCompanyId(companyId)
  if (companies !== 'all' && !companies.has(trusted)) {
    throw new FrontdeskError('permission_denied', {
      publicMessage: 'The token is not for this company. Ask for one that names it.',
      detail: `${caller} asked for ${companyId}`,
    })
  }
  return trusted
}

/**
 * Lets only a token for all companies through, and of those only the named callers if any are named.
 * @throws FrontdeskError permission_denied otherwise.
 */
export function requireAllCompanies(context: object, allowedCallers?: readonly string[]): void {
  const { caller, companies } = callerOf(context)
  if (companies !== 'all') {
    throw new FrontdeskError('permission_denied', { publicMessage: 'This method needs a token for all companies.', detail: caller })
  }
  if (allowedCallers && !allowedCallers.includes(caller)) {
    throw new FrontdeskError('permission_denied', { publicMessage: `This method is not for ${caller}.` })
  }
}
