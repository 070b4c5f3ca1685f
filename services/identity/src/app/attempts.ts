import { type ThrottleRule, type ThrottleScope, tooManyAttempts } from '../domain/throttle.ts'
import type { Throttle } from './ports.ts'

/** The attempts at accounts, of those that exist and of those that do not. */
export interface Attempts {
  /** @throws FrontdeskError rate_limited. */
  count(account: string, address: string): Promise<void>
  forget(account: string): Promise<void>
}

/** Counts each attempt before it is made, so that many at once are as limited as many in a row. */
export function createAttempts(throttle: Throttle, rules: Readonly<Record<ThrottleScope, ThrottleRule>>): Attempts {
  return {
    async count(account, address) {
      const waits = await Promise.all([
        throttle.count('account', account, rules.account),
        throttle.count('address', address, rules.address),
      ])
      const longestMs = Math.max(...waits)
      if (longestMs > 0) throw tooManyAttempts(longestMs)
    },
    forget: (account) => throttle.forget('account', account),
  }
}
