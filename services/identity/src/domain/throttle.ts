import { FrontdeskError } from '@frontdesk/errors'

/** So many attempts in a window, counted from its first. */
export interface ThrottleRule {
  readonly attempts: number
  readonly windowMs: number
}

/** What counts as one: attempts at an account, attempts from an address. */
export type ThrottleScope = 'account' | 'address'

/** The refusal of an attempt too many; it says nothing of whether the account exists. */
export function tooManyAttempts(retryAfterMs: number): FrontdeskError {
  return new FrontdeskError('rate_limited', { publicMessage: 'Too many attempts. Wait, then try again.', retryAfterMs })
}
