import { FrontdeskError } from '@frontdesk/errors'

/** The one answer to a login that fails, whatever is wrong with it; the reason is for the log. */
export function loginRefused(reason: string): FrontdeskError {
  return new FrontdeskError('token_invalid', { publicMessage: 'Email, password or code is wrong.', detail: reason })
}

/** A session that is over, revoked or unknown. */
export function sessionOver(): FrontdeskError {
  return new FrontdeskError('token_invalid', { publicMessage: 'The session is over. Log in again.' })
}

/** @throws FrontdeskError not_found. */
export function notFound(what: string): never {
  throw new FrontdeskError('not_found', { publicMessage: `There is no such ${what}.` })
}
