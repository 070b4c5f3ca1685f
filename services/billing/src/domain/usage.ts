/** What a plan counts: begun minutes of calls, and messages sent. */
export type UsageKind = 'call_minutes' | 'messages'

/** One use as an event tells it. */
export interface Use {
  readonly kind: UsageKind
  /** In the kind's unit; 0 counts nothing. */
  readonly quantity: number
  /** A call id or a message id: what is counted once. */
  readonly entityId: string
  readonly eventId: string
  readonly revision: number
  readonly usedAt: Date
}

/** A use as it is kept, under an id of its own. */
export interface UsageRecord extends Use {
  /** TypeID, `usg_…`; the payment provider's meters know it by this. */
  readonly id: string
}

export interface UsageDecision {
  /** `ignored`: it is known already, or older than what is known. */
  readonly change: 'recorded' | 'amended' | 'ignored'
  readonly record: UsageRecord | undefined
  /** Whether others are told: a use that counts nothing and never did is nobody's business. */
  readonly told: boolean
}

const minuteMs = 60_000

/** A call's begun minutes; 0 for one that never connected. */
export function begunMinutes(durationMs: number | undefined): number {
  return Math.ceil((durationMs ?? 0) / minuteMs)
}

/**
 * Counts a use. What is known of the same call or message changes only by a higher revision of the same event; a second
 * event about it counts nothing.
 */
export function countUse(newId: () => string, current: UsageRecord | undefined, use: Use): UsageDecision {
  if (current) {
    const amends = use.eventId === current.eventId && use.revision > current.revision
    if (!amends) return { change: 'ignored', record: current, told: false }
    // What counts nothing any more leaves the bill that it was on.
    const usedAt = use.quantity === 0 ? current.usedAt : use.usedAt
    return { change: 'amended', record: { ...use, id: current.id, usedAt }, told: true }
  }
  // A corrected event that counts nothing is kept, or its first revision would count when it arrives late.
  if (use.quantity === 0 && use.revision === 1) return { change: 'ignored', record: undefined, told: false }
  return { change: 'recorded', record: { ...use, id: newId() }, told: use.quantity > 0 }
}
