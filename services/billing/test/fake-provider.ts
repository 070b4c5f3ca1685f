import { FrontdeskError } from '@frontdesk/errors'
import type { MeterError, PaymentProvider } from '../src/app/ports.ts'
import type { FetchedObject, SubscriptionState } from '../src/domain/subscription.ts'

/** A payment provider in memory: its objects are a test's to change, and its failures are the test's, too. */
export function createFakeProvider() {
  const objects = new Map<string, FetchedObject>()
  const meter = new Map<string, { kind: string; customerId: string; quantity: number; at: Date }>()
  const meterErrors = new Map<string, MeterError[]>()
  const failures: Partial<Record<keyof PaymentProvider, number>> = {}
  const calls: string[] = []
  const asked = new Set<string>()
  let made = 0

  /** Fails so many times as the test asked for; after the effect, since that is the harder case. */
  function answer<Answer>(name: keyof PaymentProvider, value: Answer): Answer {
    calls.push(name)
    const left = failures[name] ?? 0
    if (left === 0) return value
    failures[name] = left - 1
    throw new FrontdeskError('unavailable', { publicMessage: 'Away.' })
  }

  const keys = new Map<string, string>()
  function once(key: string, prefix: string): string {
    const id = keys.get(key) ?? `${prefix}_${(made += 1)}`
    keys.set(key, id)
    return id
  }

  function subscriptionOf(customerId: string): SubscriptionState | undefined {
    for (const object of objects.values()) {
      if (object.type === 'subscription' && object.state.customerId === customerId) return object.state
    }
    return undefined
  }

  const provider: PaymentProvider = {
    createCustomer: async ({ companyId }) => answer('createCustomer', once(companyId, 'cus')),
    findSubscription: async ({ customerId }) => answer('findSubscription', subscriptionOf(customerId)),
    createSubscription: async ({ customerId }) => {
      const state = subscriptionOf(customerId) ?? {
        id: once(customerId, 'sub'),
        customerId,
        status: 'active',
        cancelAtPeriodEnd: false,
        periodStart: new Date('2026-05-01T00:00:00Z'),
        periodEnd: new Date('2026-06-01T00:00:00Z'),
      }
      objects.set(state.id, { type: 'subscription', state })
      return answer('createSubscription', state)
    },
    fetch: async ({ id }) => answer('fetch', objects.get(id)),
    report: async ({ identifier, ...use }) => {
      if (!meter.has(identifier)) meter.set(identifier, use)
      answer('report', undefined)
    },
    meterErrors: async (id) => {
      asked.add(id)
      const errors = answer('meterErrors', meterErrors.get(id))
      if (!errors) throw new FrontdeskError('not_found', { publicMessage: 'There is no such event.' })
      return errors
    },
  }
  return { provider, objects, meter, meterErrors, asked, failures, calls }
}
