import {
  type Attribution,
  type AttributionLedger,
  entityKey,
  type Evidence,
  evidenceKey,
  type FirstOfEntity,
  type KnownSignal,
  type Model,
  type ProviderEvent,
} from './resolver.ts'
import { epochMs, type Ringing } from './world/story.ts'
import type { World } from './world/world.ts'

/** Who decides with the resolver's own code, and where, by his decisions, the entities' first events went. */
export interface Decider {
  readonly model: Model
  readonly entities: Map<string, FirstOfEntity>
}

/** A directory that learns as its world goes on, and a ledger on it for each who decides. */
export interface Directory {
  /** Enters what was learned up to then, in ms since the world began. */
  advanceTo(time: number): void
  /** What a person found out: from then on the value is that company's alone. */
  correct(value: Evidence, companyId: string, at: number): void
  readonly ringing: Ringing
  ledger(decider: Decider): AttributionLedger
}

interface Change {
  readonly at: number
  readonly apply: () => void
}

/** The directory of a world at its beginning. */
export function createDirectory({ registrations, ends }: Pick<World, 'registrations' | 'ends'>): Directory {
  const signals = new Map<string, KnownSignal[]>()
  // Each counts from its own time on.
  const deactivations = new Map([...ends].map(([companyId, at]) => [companyId, new Date(epochMs + at)]))
  let version = 1n
  const changes: Change[] = registrations.flatMap(({ kind, value, companyId, validFrom, validUntil, knownFrom, endKnownFrom }) => {
    const key = evidenceKey({ kind, value })
    const open: KnownSignal = { kind, value, companyId, validFrom: instant(validFrom), validUntil: undefined }
    const begin = () => void signals.set(key, [...(signals.get(key) ?? []), open])
    const end = () => {
      const ended = { ...open, validUntil: instant(validUntil) }
      signals.set(
        key,
        (signals.get(key) ?? []).map((signal) => (signal === open ? ended : signal)),
      )
    }
    return [{ at: knownFrom, apply: begin }, ...(endKnownFrom === Infinity ? [] : [{ at: endKnownFrom, apply: end }])]
  })
  changes.sort((a, b) => a.at - b.at)

  let next = 0
  const valid = (key: string, at: number) =>
    (signals.get(key) ?? []).filter(
      (signal) => (signal.validFrom?.getTime() ?? -Infinity) <= at && at < (signal.validUntil?.getTime() ?? Infinity),
    )
  return {
    advanceTo(time) {
      for (let change = changes[next]; change && change.at <= time; change = changes[++next]) {
        change.apply()
        version += 1n
      }
    },
    correct(piece, companyId, at) {
      const key = evidenceKey(piece)
      const from = instant(at)
      const apply = () => {
        const known = signals.get(key) ?? []
        if (known.some((signal) => signal.companyId === companyId && !signal.validUntil)) return
        const ended = known.map((signal) => (signal.validUntil ? signal : { ...signal, validUntil: from }))
        signals.set(key, [...ended, { ...piece, companyId, validFrom: from, validUntil: undefined }])
      }
      const later = changes.findIndex((change, index) => index >= next && change.at > at)
      changes.splice(later === -1 ? changes.length : later, 0, { at, apply })
    },
    ringing(number, agent, at) {
      const named = new Set(valid(evidenceKey({ kind: 'voice_agent', value: agent }), epochMs + at).map(({ companyId }) => companyId))
      const both = valid(evidenceKey({ kind: 'phone_number', value: number }), epochMs + at).filter(({ companyId }) => named.has(companyId))
      return both.length === 1 ? both[0]?.companyId : undefined
    },
    ledger({ model, entities }) {
      const nothing = { held: new Map<string, never>(), sent: new Map<string, never>() }
      return {
        lookUp: async () => ({ model, known: { directoryVersion: version, signals, deactivations }, entities, ...nothing }),
        record: async (attributions) => attributions.forEach((attribution) => remember(entities, attribution)),
      }
    },
  }
}

/** Where an entity's first event went, it stays. */
function remember(
  entities: Map<string, FirstOfEntity>,
  { event, decision }: Pick<Attribution, 'decision'> & { event: Pick<ProviderEvent, 'entity' | 'eventId'> },
): void {
  const key = event.entity && entityKey(event.entity)
  if (key && decision.kind === 'attributed' && !entities.has(key))
    entities.set(key, { companyId: decision.companyId, eventId: event.eventId })
}

function instant(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(epochMs + ms)
}
