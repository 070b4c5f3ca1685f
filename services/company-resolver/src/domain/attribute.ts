import { asOf } from './as-of.ts'
import { decide, type Decision } from './decide.ts'
import type { Entity } from './entity.ts'
import { type Evidence, evidenceKey, type MatchedEvidence } from './evidence.ts'
import type { Model } from './model.ts'
import { type Score, score } from './score.ts'
import { isValidAt, type Validity } from './signal.ts'

/** What a decision rests on, besides what the directory knows. */
export interface Question {
  readonly provider: string
  readonly entityStartedAt: Date | undefined
  readonly receivedAt: Date
  readonly evidence: readonly Evidence[]
  readonly schemaViolations: readonly string[]
}

/** What the resolver reads of a normalized provider event. */
export interface ProviderEvent extends Question {
  readonly eventId: string
  readonly revision: number
  readonly eventType: string
  readonly entity: Entity | undefined
  /** The event's own account of where it came from, kept as it came for whoever reads the attribution. */
  readonly source: unknown
}

/** A signal of the directory, as attribution sees it. */
export interface KnownSignal extends Evidence, Validity {
  readonly companyId: string
}

/** What the directory says about some evidence. */
export interface KnownSignals {
  /** By `evidenceKey`. */
  readonly signals: ReadonlyMap<string, readonly KnownSignal[]>
  /** When companies were deactivated; those that were not are missing. */
  readonly deactivations: ReadonlyMap<string, Date>
}

/** What the directory and the entities say about a batch of events. */
export interface Knowledge extends KnownSignals {
  readonly directoryVersion: bigint
}

/** A decision with what it was weighed from. */
export interface Verdict extends Score {
  readonly decision: Decision
  readonly asOf: Date
  readonly modelVersion: string
}

/** A decision with everything that explains it. */
export interface Attribution extends Verdict {
  readonly event: ProviderEvent
  readonly directoryVersion: bigint
}

/** Works out whose event it is; `entityCompanyId` is where the entity's first event went. */
export function attribute(event: ProviderEvent, entityCompanyId: string | undefined, known: Knowledge, model: Model): Attribution {
  return { event, ...judge(event, entityCompanyId, known, model), directoryVersion: known.directoryVersion }
}

/** The one way in which it is decided whose something is, be it an event or a call that still rings. */
export function judge(question: Question, entityCompanyId: string | undefined, known: KnownSignals, model: Model): Verdict {
  const at = asOf(question.provider, question.receivedAt, question.entityStartedAt)
  const matched = question.evidence.map((piece): MatchedEvidence => {
    const signals = known.signals.get(evidenceKey(piece)) ?? []
    return { ...piece, companyIds: signals.filter((signal) => isValidAt(signal, at)).map(({ companyId }) => companyId) }
  })
  if (entityCompanyId && !isNamed(entityCompanyId, matched, model)) {
    matched.push({ kind: 'entity', value: entityCompanyId, companyIds: [entityCompanyId] })
  }

  const scored = score(matched, model)
  // By receipt, not by the entity's start: a deactivated company gets nothing more, not even the end of a call.
  const isActive = (companyId: string) => (known.deactivations.get(companyId)?.getTime() ?? Infinity) > question.receivedAt.getTime()
  const decision = decide(scored, { schemaViolations: question.schemaViolations, isActive }, model)
  return { ...scored, decision, asOf: at, modelVersion: model.version }
}

/** Whether trusted evidence names that company alone: the entity's first event went there for just that, so that it would count twice. */
function isNamed(companyId: string, evidence: readonly MatchedEvidence[], model: Model): boolean {
  return evidence.some(({ kind, companyIds }) => model.kinds[kind].trusted && companyIds.length === 1 && companyIds[0] === companyId)
}
