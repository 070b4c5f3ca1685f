import { cloudEventId, createProbe, ensureDurable, recreateDurable } from '@frontdesk/bus'
import type { Bus, OwnDurable, ReceivedEvent, Retained } from '@frontdesk/bus'
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
  /** Remembers the newest of what was just handled, and over which connection it came. */
  note(events: readonly ReceivedEvent[], session: object | undefined): void
  /** Looks once; tells a gap and mends the durable. @throws FrontdeskError `unavailable` without a broker; what the store throws. */
  look(): Promise<Gap | undefined>
}

/** More connections than break between two looks; where the broker lets nobody look, what is remembered has an end. */
const rememberedSessions = 100

type Seen = Pick<Retained, 'sequence' | 'eventId'>

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
  /**
   * What was seen last over each connection that was not compared since: the broker may have lost its end between two, and
   * then gives its sequences to other events, ours among them.
   */
  const seen = new Map<object | undefined, Seen>()

  /** The newest place first. The anchor is one of them: what this process saw last may have come behind a gap. */
  function placesToCheck(saved: Place | undefined, settledTo: bigint): Place[] {
    const witnesses = [...seen.values()]
      .filter(({ sequence, eventId }) => sequence !== saved?.sequence || eventId !== saved.eventId)
      .map((witness) => ({ ...witness, storedAt: undefined, caughtUpAt: saved?.caughtUpAt }))
    const durableAlone = { sequence: settledTo, eventId: undefined, storedAt: undefined, caughtUpAt: undefined }
    const known = saved ? [...witnesses, saved] : witnesses
    return known.length > 0 ? known.toSorted((a, b) => Number(b.sequence - a.sequence)) : [durableAlone]
  }

  /** Only the newest connection's is compared again, since more will come over that alone. */
  function forgetCompared(compared: ReadonlyMap<object | undefined, Seen>): void {
    const newest = [...seen.keys()].at(-1)
    for (const [session, witness] of compared) if (session !== newest && seen.get(session) === witness) seen.delete(session)
  }

  function tell(gap: Gap): Gap {
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
    const anchor = await store.readAnchor(inbox, lane)
    const saved = anchor && placeOf(anchor)
    const compared = new Map(seen)
    const first = await probe.firstFrom(1n)
    let newestThere: Retained | undefined
    for (const place of placesToCheck(saved, progress?.settledTo ?? 0n)) {
      const atPlace = await probe.firstFrom(place.sequence)
      const verdict = progress ? verdictOf({ place, atPlace, first, now, maxAgeMs }) : 'lost'
      if (verdict !== 'whole') return await mend(verdict, place, first, progress !== undefined)
      if (atPlace?.sequence === place.sequence) newestThere ??= atPlace
    }
    const caughtUpAt = progress?.idle ? now : saved?.caughtUpAt
    if (newestThere) await store.saveAnchor(inbox, lane, anchorOf(newestThere, caughtUpAt))
    // What left by age was seen, and nothing waits: what comes later is no gap.
    else if (anchor && progress?.idle) await store.saveAnchor(inbox, lane, { ...anchor, caughtUpAt: now.toISOString() })
    forgetCompared(compared)
    return undefined
  }

  async function mend(kind: Gap['kind'], place: Place, first: Retained | undefined, isThere: boolean): Promise<Gap> {
    seen.clear()
    if (kind === 'lost') await (isThere ? recreateDurable(bus, durable) : ensureDurable(bus, durable))
    // From here on it is the new beginning that is compared with.
    await store.saveAnchor(inbox, lane, anchorOf(first ?? { sequence: 0n, eventId: '', storedAt: clock() }, undefined))
    return tell({ kind, lane, seenTo: place.sequence, seenAt: place.storedAt, nextAt: first?.sequence })
  }

  return {
    note(events, session) {
      for (const { envelope, streamSequence: sequence } of events) {
        const newest = seen.get(session)
        if (!newest || sequence > newest.sequence) seen.set(session, { sequence, eventId: cloudEventId(envelope.id, envelope.revision) })
      }
      const [oldest] = seen.keys()
      if (seen.size > rememberedSessions) seen.delete(oldest)
    },
    look() {
      const looked = looking.then(() => lookOnce())
      looking = looked.catch(() => undefined)
      return looked
    },
  }
}
