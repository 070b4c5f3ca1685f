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
      const [ofAccount, ofAddress] = await Promise.all([
        throttle.count('account', account, rules.account),
        throttle.count('address', address, rules.address),
      ])
      const longestMs = Math.max(ofAccount, ofAddress)
      if (longestMs === 0) return
      // Whose account it is stays out: it may be a password that was typed into the wrong field.
      audit.record('attempt', ofAccount > 0 ? 'account_throttled' : 'address_throttled', { address })
      throw tooManyAttempts(longestMs)
    },
    forget: (account) => throttle.forget('account', account),
  }
}
