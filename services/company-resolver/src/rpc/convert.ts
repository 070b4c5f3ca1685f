import { invalidArgument } from '@frontdesk/errors'
import {
  type Attribution as AttributionMessage,
  type AuditEntry as AuditEntryMessage,
  type Branch as BranchMessage,
  type Company as CompanyMessage,
  type Connection as ConnectionMessage,
  type ConnectionSecrets as ConnectionSecretsMessage,
  type DecisionRule as DecisionRuleMessage,
  type EventId,
  type Evidence as EvidenceMessage,
  type EvidenceKind,
  EventSource,
  parseEventId,
  type PhoneNumber as PhoneNumberMessage,
  type QuarantineReason as QuarantineReasonMessage,
  QuarantineReason as QuarantineReasonMessages,
  type Release as ReleaseMessage,
  type ResolveCompanyRequest,
  type ResolveCompanyResponse,
  type Signal as SignalMessage,
} from '@frontdesk/contracts'
import { isStorableInstant } from '@frontdesk/database'
import type { AuditEntry, ConnectionSecrets, KeptAttribution } from '../app/ports.ts'
import type { Resolution } from '../app/resolve-company.ts'
import type { Question } from '../domain/attribute.ts'
import type { Branch } from '../domain/branch.ts'
import type { Company } from '../domain/company.ts'
import type { Connection } from '../domain/connection.ts'
import type { Decision, QuarantineReason, Release } from '../domain/decide.ts'
import { type DecisionRule, ruleOf } from '../domain/explain.ts'
import type { Model } from '../domain/model.ts'
import type { PhoneNumber } from '../domain/phone-number.ts'
import type { Signal, SignalKind } from '../domain/signal.ts'
import { fromEvidenceMessages, isProviderName } from '../wire/evidence.ts'
import { evidenceKindMessages, quarantineReasonMessages, toEvidenceKind, toQuarantineReason } from '../wire/names.ts'

export function toCompanyMessage({ id: companyId, name, timeZone, createdAt, deactivatedAt }: Company): CompanyMessage {
  return { companyId, name, timeZone, createdAt, deactivatedAt }
}

export function toBranchMessage({ id: branchId, ...rest }: Branch): BranchMessage {
  return { branchId, ...rest }
}

export function toPhoneNumberMessage({ id: phoneNumberId, branchId, ...rest }: PhoneNumber): PhoneNumberMessage {
  return { phoneNumberId, branchId: branchId ?? '', ...rest }
}

export function toConnectionMessage({ id: connectionId, ...rest }: Connection): ConnectionMessage {
  return { connectionId, ...rest }
}

export function toConnectionSecretsMessage({ previousSecret, ...rest }: ConnectionSecrets): ConnectionSecretsMessage {
  return { ...rest, previousSecret: previousSecret ?? '' }
}

export function toSignalMessage(
  { id: signalId, companyId, kind, value, validFrom, validUntil, origin }: Signal,
  trusted: boolean,
): SignalMessage {
  const derivedFrom = { connectionId: '', phoneNumberId: '', ...origin }
  return { signalId, companyId, kind: evidenceKindMessages[kind], value, validFrom, validUntil, trusted, ...derivedFrom }
}

export function toAuditEntryMessage({ id: auditEntryId, actor, before, after, ...rest }: AuditEntry): AuditEntryMessage {
  return { auditEntryId, ...rest, actor: actor ?? '', before: before && { ...before }, after: { ...after } }
}

/** With the rule that decided, if the model that did is given. */
export function toAttributionMessage(kept: KeptAttribution, model?: Model): AttributionMessage {
  const { event, nonePosterior, modelVersion, directoryVersion, asOf, decidedAt } = kept
  return {
    eventId: event.eventId,
    revision: event.revision,
    eventType: event.eventType,
    source: EventSource.fromJSON(event.source),
    decision: toDecisionMessage(kept.decision),
    waterfall: kept.waterfall.map(({ kind, value, companyIds, weight, running }) => ({
      evidence: { kind: evidenceKindMessages[kind], value },
      companyIds: [...companyIds],
      weight,
      running: [...running],
    })),
    candidates: [...kept.candidates],
    nonePosterior,
    modelVersion,
    directoryVersion,
    asOf,
    decidedAt,
    rule: model && model.version === modelVersion ? toRuleMessage(ruleOf(kept, kept.decision, model)) : undefined,
  }
}

function toRuleMessage({ vetoes, ...rule }: DecisionRule): DecisionRuleMessage {
  return { ...rule, vetoes: [...vetoes] }
}

export function toDecisionMessage(decision: Decision): AttributionMessage['decision'] {
  if (decision.kind === 'attributed') {
    const { companyId, confidence, release } = decision
    return { $case: 'attributed', value: { companyId, confidence, release: release && toReleaseMessage(release) } }
  }
  return { $case: 'quarantined', value: toQuarantinedMessage(decision) }
}

function toReleaseMessage({ by: releasedBy, at: releasedAt, from }: Release): ReleaseMessage {
  return { releasedBy, releasedAt, reason: from ? quarantineReasonMessages[from] : QuarantineReasonMessages.UNSPECIFIED }
}

function toQuarantinedMessage({ reason, details, discard }: Extract<Decision, { kind: 'quarantined' }>) {
  const discarded = discard && { discardedBy: discard.by, discardedAt: discard.at, note: discard.note }
  return { reason: quarantineReasonMessages[reason], details: [...details], discard: discarded }
}

export function toResolutionMessage(resolution: Resolution): ResolveCompanyResponse['decision'] {
  if (resolution.kind === 'quarantined') return { $case: 'unresolved', value: toQuarantinedMessage(resolution) }
  const { company, confidence } = resolution
  return { $case: 'resolved', value: { companyId: company.id, confidence, name: company.name, timeZone: company.timeZone } }
}

const resolveEvidenceMax = 32

/** @throws FrontdeskError invalid_argument. */
export function fromResolveRequest({ provider, evidence }: ResolveCompanyRequest): Pick<Question, 'provider' | 'evidence'> {
  if (!isProviderName(provider)) throw invalidArgument('provider: give a provider’s name, such as retell')
  if (evidence.length > resolveEvidenceMax) throw invalidArgument(`evidence: at most ${resolveEvidenceMax} pieces`)
  return { provider, evidence: fromEvidenceMessages(evidence) }
}

/** @throws FrontdeskError invalid_argument. */
export function fromSignalKindMessage(message: EvidenceKind): SignalKind {
  const kind = toEvidenceKind(message)
  if (!kind || kind === 'entity') throw invalidArgument('kind: give one that a company can be recognised by')
  return kind
}

/** @throws FrontdeskError invalid_argument. */
export function fromAccountMessages(account: readonly EvidenceMessage[]): { kind: SignalKind; value: string }[] {
  return account.map(({ kind: message, value }) => {
    const kind = toEvidenceKind(message)
    if (!kind || kind === 'entity') throw invalidArgument('account: give kinds that a company can be recognised by')
    return { kind, value }
  })
}

/** Undefined for all reasons. @throws FrontdeskError invalid_argument for one that does not exist. */
export function fromReasonMessage(message: QuarantineReasonMessage): QuarantineReason | undefined {
  const reason = toQuarantineReason(message)
  if (!reason && message !== QuarantineReasonMessages.UNSPECIFIED) throw invalidArgument('reason: there is no such reason')
  return reason
}

/** @throws FrontdeskError invalid_argument. */
export function fromEventIdText(text: string): EventId {
  const id = parseEventId(text)
  if (!id) throw invalidArgument('event_id: give 64 lower-case hex digits')
  return id
}

/** @throws FrontdeskError invalid_argument for one that the database can't hold. */
export function fromInstantMessage(field: string, instant: Date | undefined): Date | undefined {
  if (instant && !isStorableInstant(instant)) throw invalidArgument(`${field}: give an instant from the years 1970 to 9999`)
  return instant
}

const idPattern = (prefix: string) => new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`)
const idPatterns = {
  aud: idPattern('aud'),
  brn: idPattern('brn'),
  cmp: idPattern('cmp'),
  con: idPattern('con'),
  phn: idPattern('phn'),
  rot: idPattern('rot'),
  sig: idPattern('sig'),
}

/** @throws FrontdeskError invalid_argument unless it is a TypeID of that prefix. */
export function fromIdText(field: string, prefix: keyof typeof idPatterns, text: string): string {
  if (!idPatterns[prefix].test(text)) throw invalidArgument(`${field}: give an id (${prefix}_…)`)
  return text
}

/** Undefined for none. @throws FrontdeskError invalid_argument unless it is a TypeID of that prefix. */
export function fromOptionalIdText(field: string, prefix: keyof typeof idPatterns, text: string): string | undefined {
  return text === '' ? undefined : fromIdText(field, prefix, text)
}

/** The id after which a page begins; empty for the first. @throws FrontdeskError invalid_argument. */
export function fromIdToken(prefix: keyof typeof idPatterns, token: string): string {
  if (token !== '' && !idPatterns[prefix].test(token)) throw invalidArgument('page_token: give the one of the page before, or none')
  return token
}

/** The position before which a page begins; undefined for the first. @throws FrontdeskError invalid_argument. */
export function fromSequenceToken(token: string): bigint | undefined {
  if (token === '') return undefined
  if (!/^\d{1,19}$/.test(token)) throw invalidArgument('page_token: give the one of the page before, or none')
  return BigInt(token)
}

const secretsPageSizeMax = 1_000

/** The ingress reads all connections when it starts: its pages may be larger. @throws FrontdeskError invalid_argument. */
export function fromSecretsPageSize(requested: number): number {
  if (requested > secretsPageSizeMax) throw invalidArgument(`page_size: at most ${secretsPageSizeMax}`)
  return requested || secretsPageSizeMax
}

/** The token of the next page: a full page may have one. */
export function nextPageToken<Row>(rows: readonly Row[], limit: number, tokenOf: (row: Row) => string): string {
  const last = rows.at(-1)
  return last !== undefined && rows.length === limit ? tokenOf(last) : ''
}
