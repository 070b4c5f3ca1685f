import type { ProviderEvent } from '../domain/attribute.ts'
import type { Decision } from '../domain/decide.ts'
import { type Evidence, evidenceKey } from '../domain/evidence.ts'
import type { WeighedEvidence } from '../domain/score.ts'
import { decideAll } from './attribute-events.ts'
import type { KeptAttribution, ReattributionQuery, ReattributionReader } from './ports.ts'

/** A piece of evidence that speaks for other companies than it did. */
export interface EvidenceChange {
  readonly evidence: Evidence
  readonly before: readonly string[]
  readonly now: readonly string[]
}

/** What would become of an event that was attributed, if it were decided now. */
export interface Reattribution {
  readonly kept: KeptAttribution
  readonly companyId: string
  readonly decision: Decision
  readonly changedEvidence: readonly EvidenceChange[]
  /** By which it would be decided. */
  readonly modelVersion: string
}

/** What would change in a window. */
export interface ReattributionPlan {
  readonly changes: readonly Reattribution[]
  readonly lookedAt: number
  readonly nextPageToken: string
}

interface Dependencies {
  readonly decisions: ReattributionReader
  readonly eventOf: (kept: KeptAttribution) => ProviderEvent
}

/** Decides again what was attributed in a window, by the directory, the model and the persons' decisions as they are now; keeps nothing. */
export function planReattribution({ decisions, eventOf }: Dependencies) {
  return async (query: ReattributionQuery): Promise<ReattributionPlan> => {
    const { items, nextPageToken } = await decisions.list(query)
    const events = items.map((kept): ProviderEvent => {
      const event = eventOf(kept)
      return { ...event, revision: event.revision + 1 }
    })
    const decided = decideAll(events, await decisions.lookUp(events))
    const changes = decided.flatMap(({ decision, waterfall, modelVersion }, index): Reattribution[] => {
      const kept = items[index]
      if (kept?.decision.kind !== 'attributed') return []
      const { companyId } = kept.decision
      if (decision.kind === 'attributed' && decision.companyId === companyId) return []
      return [{ kept, companyId, decision, changedEvidence: changesOf(kept.waterfall, waterfall), modelVersion }]
    })
    return { changes, lookedAt: items.length, nextPageToken }
  }
}

function changesOf(before: readonly WeighedEvidence[], now: readonly WeighedEvidence[]): EvidenceChange[] {
  const was = new Map(before.map((piece) => [evidenceKey(piece), piece]))
  const is = new Map(now.map((piece) => [evidenceKey(piece), piece]))
  return [...new Map([...was, ...is]).values()].flatMap(({ kind, value }): EvidenceChange[] => {
    const key = evidenceKey({ kind, value })
    const [a, b] = [was.get(key)?.companyIds ?? [], is.get(key)?.companyIds ?? []]
    return a.toSorted().join() === b.toSorted().join() ? [] : [{ evidence: { kind, value }, before: a, now: b }]
  })
}
