import type { LedgerServiceImplementation } from '@frontdesk/contracts'

/** A ledger that answers every event id with itself; each method can be replaced. */
export function answeringLedger(overrides: Partial<LedgerServiceImplementation> = {}): LedgerServiceImplementation {
  return {
    getEvent: ({ eventId }) => Promise.resolve({ event: { eventId } }),
    listEvents: () => Promise.resolve({ events: [] }),
    getDelivery: ({ deliveryId }) => Promise.resolve({ delivery: { deliveryId } }),
    reprocessEvents: () => Promise.resolve({ events: [] }),
    ...overrides,
  }
}
