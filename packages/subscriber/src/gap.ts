import type { Retained } from '@frontdesk/bus'
import type { Anchor, Lane } from './store.ts'

/** What a stream no longer has although we may not have seen it. */
export interface Gap {
  /**
   * `forgotten`: it left the stream by age or size before we came by; ask Frontdesk for a replay of the time between.
   * `lost`: the broker lost what it had acknowledged; our durable was made anew, and Frontdesk publishes it again by itself.
   */
  readonly kind: 'forgotten' | 'lost'
  readonly lane: Lane
  /** The last sequence that we know to have seen, and when it was stored. */
  readonly seenTo: bigint
  readonly seenAt: Date | undefined
  /** The first sequence for us that the stream has now; undefined if it has none. */
  readonly nextAt: bigint | undefined
}

/** What is known of a place in the stream: from the store, from what was just handled, or from the durable alone. */
export interface Place {
  readonly sequence: bigint
  readonly eventId: string | undefined
  readonly storedAt: Date | undefined
  readonly caughtUpAt: Date | undefined
}

/** What a look found. */
export interface Look {
  readonly place: Place
  /** The first message of ours at the place or behind it, and the first of all. */
  readonly atPlace: Retained | undefined
  readonly first: Retained | undefined
  readonly now: Date
  /** How long the stream keeps a message. */
  readonly maxAgeMs: number
}

/**
 * What a stream's present tells of a place that was seen in it. Messages leave a stream by age and size from its front
 * alone: one that is gone while an older one is there, or another message in its place, was lost.
 */
export function verdictOf({ place, atPlace, first, now, maxAgeMs }: Look): 'whole' | Gap['kind'] {
  const { sequence, eventId, storedAt, caughtUpAt } = place
  if (sequence === 0n) return 'whole'
  if (atPlace?.sequence === sequence) return eventId === undefined || atPlace.eventId === eventId ? 'whole' : 'lost'
  if (first && first.sequence < sequence) return 'lost'
  const isOlderThanStream = (time: Date | undefined) => time === undefined || now.getTime() - time.getTime() >= maxAgeMs
  // Nothing of ours is left, and what we saw last should be.
  if (!first) return isOlderThanStream(storedAt) ? 'whole' : 'lost'
  // The front has passed the place: nothing was missed if nothing waited for us a stream's age ago or later.
  return isOlderThanStream(storedAt) && caughtUpAt && !isOlderThanStream(caughtUpAt) ? 'whole' : 'forgotten'
}

/** The place that an anchor names. */
export function placeOf({ sequence, eventId, storedAt, caughtUpAt }: Anchor): Place {
  return {
    sequence: BigInt(sequence),
    eventId,
    storedAt: new Date(storedAt),
    caughtUpAt: caughtUpAt === undefined ? undefined : new Date(caughtUpAt),
  }
}

/** The anchor of a message that is there. */
export function anchorOf({ sequence, eventId, storedAt }: Retained, caughtUpAt: Date | undefined): Anchor {
  return { sequence: sequence.toString(), eventId, storedAt: storedAt.toISOString(), caughtUpAt: caughtUpAt?.toISOString() }
}
