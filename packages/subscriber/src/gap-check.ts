import { cloudEventId, createProbe, ensureDurable, recreateDurable } from '@frontdesk/bus'
import type { Bus, OwnDurable, ReceivedEvent } from '@frontdesk/bus'
import type { Telemetry } from '@frontdesk/telemetry'
import { anchorOf, placeOf, verdictOf } from './gap.ts'
import type { Gap, Place } from './gap.ts'
import type { Lane, SubscriberStore } from './store.ts'

/** What the check of one lane is made with. */
export interface GapCheckOptions {
  readonly bus: Bus
  readonly inbox: string
  readonly lane: Lane
  readonly durable: OwnDurable
  readonly maxAgeMs: number
  readonly store: Pick<SubscriberStore<unknown>, 'readAnchor' | 'saveAnchor'>
  readonly telemetry: Telemetry
  readonly clock: () => Date
}

/** Compares what one lane has seen with what its stream has. */
export interface GapCheck {
  /** Remembers the newest of what was just handled. */
  note(events: readonly ReceivedEvent[]): void
  /** Looks once; tells a gap and mends the durable. @throws FrontdeskError `unavailable` without a broker; what the store throws. */
  look(): Promise<Gap | undefined>
}

/** The gap check of one lane. */
export function createGapCheck({ bus, inbox, lane, durable, maxAgeMs, store, telemetry, clock }: GapCheckOptions): GapCheck {
  const probe = createProbe(bus, durable)
  const logger = telemetry.logger.child({ component: 'subscriber', inbox, lane })
  const gaps = telemetry.metrics.counter('subscriber_gaps_total', 'Gaps that a subscriber found in a stream, by kind.', [
    'inbox',
    'lane',
    'kind',
  ])
  /** Two looks would take each other's probe away. */
  let looking: Promise<unknown> = Promise.resolve()
  let newest: { readonly sequence: bigint; readonly eventId: string } | undefined

  async function placeToCheck(settledTo: bigint): Promise<Place> {
    const anchor = await store.readAnchor(inbox, lane)
    const saved = anchor && placeOf(anchor)
    // A lost tail begins behind the anchor: what this process itself saw last is the better witness.
    if (newest && newest.sequence > (saved?.sequence ?? 0n)) return { ...newest, storedAt: undefined, caughtUpAt: saved?.caughtUpAt }
    return saved ?? { sequence: settledTo, eventId: undefined, storedAt: undefined, caughtUpAt: undefined }
  }

  async function tell(gap: Gap): Promise<Gap> {
    gaps.inc({ inbox, lane, kind: gap.kind })
    const line = {
      kind: gap.kind,
      seenTo: String(gap.seenTo),
      seenAt: gap.seenAt,
      nextAt: gap.nextAt === undefined ? undefined : String(gap.nextAt),
    }
    if (gap.kind === 'forgotten') logger.error(line, 'the stream has forgotten what we may not have seen: ask Frontdesk for a replay')
    else logger.error(line, 'the broker lost what it had: the durable was made anew, and what comes twice is not handled twice')
    return gap
  }

  async function lookOnce(): Promise<Gap | undefined> {
    const now = clock()
    const progress = await probe.progress()
    const place = await placeToCheck(progress?.settledTo ?? 0n)
    const first = await probe.firstFrom(1n)
    const atPlace = await probe.firstFrom(place.sequence)
    const verdict = progress ? verdictOf({ place, atPlace, first, now, maxAgeMs }) : 'lost'
    if (verdict === 'whole') {
      const caughtUpAt = progress?.idle ? now : place.caughtUpAt
      if (atPlace && atPlace.sequence === place.sequence) await store.saveAnchor(inbox, lane, anchorOf(atPlace, caughtUpAt))
      return undefined
    }
    const gap = { kind: verdict, lane, seenTo: place.sequence, seenAt: place.storedAt, nextAt: first?.sequence }
    newest = undefined
    if (verdict === 'lost') await (progress ? recreateDurable(bus, durable) : ensureDurable(bus, durable))
    // From here on it is the new beginning that is compared with.
    if (first) await store.saveAnchor(inbox, lane, anchorOf(first, undefined))
    return tell(gap)
  }

  return {
    note(events) {
      for (const { envelope, streamSequence: sequence } of events) {
        if (!newest || sequence > newest.sequence) newest = { sequence, eventId: cloudEventId(envelope.id, envelope.revision) }
      }
    },
    look() {
      const looked = looking.then(() => lookOnce())
      looking = looked.catch(() => undefined)
      return looked
    },
  }
}
