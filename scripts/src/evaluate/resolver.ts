/** What is evaluated: the resolver's own code, from reading an event to deciding on it. Nothing else here imports a service. */
export { attributeEvents } from '../../../services/company-resolver/src/app/attribute-events.ts'
export type { ExperienceReader, InForce } from '../../../services/company-resolver/src/app/model-ports.ts'
export type { AttributionLedger, FirstOfEntity } from '../../../services/company-resolver/src/app/ports.ts'
export { defaultRefitPolicy, type FittedModels, refitIfDue } from '../../../services/company-resolver/src/app/refit-model.ts'
export { adjudicate, type Adjudication } from '../../../services/company-resolver/src/domain/adjudication.ts'
export type { Attribution, KnownSignal, ProviderEvent } from '../../../services/company-resolver/src/domain/attribute.ts'
export { auditedOneIn } from '../../../services/company-resolver/src/domain/audit.ts'
export { confidenceIn } from '../../../services/company-resolver/src/domain/confidence.ts'
export { entityKey } from '../../../services/company-resolver/src/domain/entity.ts'
export {
  type Evidence,
  evidenceKey,
  type EvidenceKind,
  type MatchedEvidence,
} from '../../../services/company-resolver/src/domain/evidence.ts'
export { type Model, shippedModel } from '../../../services/company-resolver/src/domain/model.ts'
export type { SignalKind } from '../../../services/company-resolver/src/domain/signal.ts'
export { readProviderEvent } from '../../../services/company-resolver/src/events/read-provider-event.ts'
