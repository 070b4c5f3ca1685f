import type Stripe from 'stripe'
import type { Clock } from '../shared/clock.ts'
import { randomText } from '../shared/ids.ts'

/** The sessions that open the meter event stream: in memory alone, since each lasts 15 minutes and its token is a secret. */
export interface MeterSessions {
  open(): Stripe.V2.Billing.MeterEventSession
  /** Whether this is the token of a session that has not expired. */
  has(token: string): boolean
  clear(): void
}

const lifetimeMs = 15 * 60_000
/** With one more, the oldest is forgotten. */
const keptMax = 1_000

export function createMeterSessions(now: Clock): MeterSessions {
  /** In ms, by token, oldest first. */
  const expiries = new Map<string, number>()

  function makeRoom(): void {
    const at = now().getTime()
    for (const [token, expiry] of expiries) {
      if (expiry <= at || expiries.size >= keptMax) expiries.delete(token)
    }
  }

  return {
    open() {
      makeRoom()
      const created = now()
      const expiresAt = new Date(created.getTime() + lifetimeMs)
      const token = randomText(64)
      expiries.set(token, expiresAt.getTime())
      return {
        id: `mes_${randomText(24)}`,
        object: 'v2.billing.meter_event_session',
        authentication_token: token,
        created: created.toISOString(),
        expires_at: expiresAt.toISOString(),
        livemode: false,
      }
    },
    has: (token) => (expiries.get(token) ?? 0) > now().getTime(),
    clear: () => expiries.clear(),
  }
}
