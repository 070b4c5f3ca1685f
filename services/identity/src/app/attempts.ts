import { type ThrottleRule, type ThrottleScope, tooManyAttempts } from '../domain/throttle.ts'
import type { Audit, Throttle } from './ports.ts'

/** The attempts at accounts, of those that exist and of those that do not. */
export interface Attempts {
  /** @throws FrontdeskError rate_limited. */
  count(account: string, address: string): Promise<void>
  forget(account: string): Promise<void>
}

/** Counts each attempt before it is made, so that many at once are as limited as many in a row. */
export function createAttempts(throttle: Throttle, rules: Readonly<Record<ThrottleScope, ThrottleRule>>, audit: Audit): Attempts {
  return {
    async count(account, address) {
      function refuse(scope: ThrottleScope, waitMs: number): void {
        if (waitMs === 0) return
        // Whose account it is stays out: it may be a password that was typed into the wrong field.
        audit.record('attempt', `${scope}_throttled`, { address })
        throw tooManyAttempts(waitMs)
      }
      // The address first: one that is stopped keeps nobody out of further accounts, and leaves no more rows.
      refuse('address', await throttle.count('address', address, rules.address))
      refuse('account', await throttle.count('account', account, rules.account))
    },
    forget: (account) => throttle.forget('account', account),
  }
}
