import type { CompanyId, EventId } from '@frontdesk/contracts'
import type { Page } from '@frontdesk/database'
import type { Attribution, KnownSignals, Knowledge, ProviderEvent } from '../domain/attribute.ts'
import type { Branch } from '../domain/branch.ts'
import type { Company } from '../domain/company.ts'
import type { Connection } from '../domain/connection.ts'
import type { Decision, QuarantineReason } from '../domain/decide.ts'
import type { Author } from '../domain/directory-change.ts'
import type { Discarded } from '../domain/discard.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { HeldDecision } from '../domain/held.ts'
import type { Model } from '../domain/model.ts'
import type { PhoneNumber, Porting } from '../domain/phone-number.ts'
import type { Released } from '../domain/release.ts'
import type { Review } from '../domain/review.ts'
import type { Signal } from '../domain/signal.ts'
import type { GivenBack, Holder } from '../domain/withdraw.ts'

/** A page of a list by id, and so by age: those after `after`, from the first when empty. */
export interface IdPage {
  readonly after: string
  readonly limit: number
}

/** The companies themselves. Every change raises the directory's version, is audited and told of, in its own commit. */
export interface CompanyStore {
  /** Keeps the company with its own signal, in one commit. */
  insert(company: Company, signal: Signal, by: Author): Promise<void>
  find(companyId: CompanyId): Promise<Company | undefined>
  list(page: IdPage): Promise<Company[]>
  /** Puts what `change` makes of the company in its place, in one transaction; without effect if that is itself. */
  change(companyId: CompanyId, change: (company: Company) => Company, by: Author): Promise<Company | undefined>
}

/** One company's branches. */
export interface BranchStore {
  insert(branch: Branch, by: Author): Promise<void>
  find(branchId: string): Promise<Branch | undefined>
  list(page: IdPage): Promise<Branch[]>
  /** As of a company. */
  change(branchId: string, change: (branch: Branch) => Branch, by: Author): Promise<Branch | undefined>
}

/** One company's phone numbers, each with the signal that was derived from it. */
export interface PhoneNumberStore {
  /** @throws FrontdeskError already_exists if the company has the number already at some time of the new one's validity. */
  insert(phoneNumber: PhoneNumber, signal: Signal, by: Author): Promise<void>
  /** Gives the number and its signal the end that `change` says, in one transaction. */
  change(phoneNumberId: string, change: (phoneNumber: PhoneNumber) => PhoneNumber, by: Author): Promise<PhoneNumber | undefined>
  /** Ends the number here and adds it at the other company, in one commit. */
  port(phoneNumberId: string, port: (phoneNumber: PhoneNumber) => Porting, by: Author): Promise<Porting | undefined>
  list(page: IdPage): Promise<PhoneNumber[]>
}

/** One company's connections. */
export interface ConnectionStore {
  /** Keeps the connection with its secret and those of its signals that the company does not have yet, in one commit; these are returned. */
  insert(connection: Connection, secret: string, signals: readonly Signal[], by: Author): Promise<Signal[]>
  /**
   * Makes the secret the current one and the current one the previous, unless it is the current one already. With no
   * `previousUntil` there is no previous one from now on; without effect if nothing changes.
   */
  rotateSecret(connectionId: string, secret: string, previousUntil: Date | undefined, by: Author): Promise<Connection | undefined>
  /** Ends its use and its signals; one that has ended keeps its first end. */
  deactivate(connectionId: string, at: Date, by: Author): Promise<Connection | undefined>
  find(connectionId: string): Promise<Connection | undefined>
  list(page: IdPage): Promise<Connection[]>
}

/** One company's signals. */
export interface SignalStore {
  /** @throws FrontdeskError already_exists if the company has the value already at some time of the new one's validity. */
  insert(signal: Signal, by: Author): Promise<void>
  /** Gives the signal the validity that `change` makes of it, in one transaction. */
  change(signalId: string, change: (signal: Signal) => Signal, by: Author): Promise<Signal | undefined>
  list(page: IdPage): Promise<Signal[]>
  /** The newest that were derived from a connection. */
  ofConnection(connectionId: string, limit: number): Promise<Signal[]>
}

/** One change of one thing, as it was kept; secrets are masked. */
export interface AuditEntry extends Author {
  readonly id: string
  readonly companyId: string
  readonly action: string
  readonly subjectId: string
  readonly changedAt: Date
  /** Undefined before the thing was made. */
  readonly before: Readonly<Record<string, unknown>> | undefined
  readonly after: Readonly<Record<string, unknown>>
  readonly directoryVersion: bigint
}

/** Which entries to list, newest first; each undefined field matches all. */
export interface AuditQuery {
  readonly companyId: CompanyId | undefined
  readonly subjectId: string | undefined
  /** The id before which the page begins. */
  readonly before: string | undefined
  readonly limit: number
}

/** Who changed what in the directory. */
export interface AuditReader {
  list(query: AuditQuery): Promise<Page<AuditEntry>>
}

/** The secrets that verify a connection's deliveries; `version` rises across all connections. */
export interface ConnectionSecrets {
  readonly connectionId: string
  readonly provider: string
  readonly currentSecret: string
  readonly previousSecret: string | undefined
  /** When the previous one is refused. */
  readonly previousUntil: Date | undefined
  readonly version: bigint
  /** Since when deliveries are refused, whatever they are signed with. */
  readonly deactivatedAt: Date | undefined
}

/** A page by version, rising, and where the next one begins: past what was left out too. */
export interface ConnectionSecretsPage {
  readonly connections: readonly ConnectionSecrets[]
  readonly nextAfterVersion: bigint
  readonly hasMore: boolean
}

/** What the ingress learns of connections, which it knows before their companies. */
export interface ConnectionSecretsReader {
  /** Those after `afterVersion`; one whose current secret can't be opened is left out. */
  list(page: { afterVersion: bigint; limit: number }): Promise<ConnectionSecretsPage>
  /** @throws FrontdeskError internal if its current secret can't be opened. */
  find(connectionId: string): Promise<ConnectionSecrets | undefined>
}

/** Where the first event of an entity went. */
export interface FirstOfEntity {
  readonly companyId: string
  readonly eventId: string
}

/** What is known of a batch of events, and what to decide them by. */
export interface LookedUp {
  readonly model: Model
  /** What the directory says of their evidence. */
  readonly known: Knowledge
  /** By `entityKey`. */
  readonly entities: ReadonlyMap<string, FirstOfEntity>
  /** What persons have decided, by event: of later revisions than the first alone, since nobody has decided on a first one before it came. */
  readonly held: ReadonlyMap<string, HeldDecision>
  /** Where revisions of these events went; of later revisions than the first alone, too. */
  readonly sent: ReadonlyMap<string, readonly (Holder | GivenBack)[]>
}

/** What attribution reads and writes, inside one transaction. */
export interface AttributionLedger {
  lookUp(events: readonly ProviderEvent[]): Promise<LookedUp>
  record(attributions: readonly Attribution[]): Promise<void>
}

/** What the directory says about evidence at this moment, and the model that decides. */
export type SignalLookUp = (evidence: readonly Evidence[]) => Promise<{ readonly known: KnownSignals; readonly model: Model }>

/** A decision as it was kept; `sequence` rises with each. */
export interface KeptAttribution extends Omit<Attribution, 'event'> {
  readonly sequence: bigint
  readonly event: Pick<ProviderEvent, 'eventId' | 'revision' | 'eventType' | 'source'>
  readonly decidedAt: Date
}

/** A decision in short, for a list. */
export type ListedAttribution = Pick<KeptAttribution, 'sequence' | 'event' | 'decision' | 'decidedAt'>

/** Which decisions to list; each undefined field matches all. */
export interface AttributionQuery {
  readonly companyId: string | undefined
  readonly status: Decision['kind'] | undefined
  /** None matches all. */
  readonly types: readonly string[]
  readonly provider: string | undefined
  readonly decidedFrom: Date | undefined
  readonly decidedUntil: Date | undefined
  readonly limit: number
  /** From the last page; empty for the first. */
  readonly pageToken: string
}

/** The decisions, of all companies and of none: who may see one is its caller's affair. */
export interface AttributionReader {
  /** The newest revision when `revision` is 0. */
  find(eventId: EventId, revision: number): Promise<KeptAttribution | undefined>
  /** What was quarantined, newest first; those before `before`. */
  listQuarantined(page: { reason: QuarantineReason | undefined; before: bigint | undefined; limit: number }): Promise<KeptAttribution[]>
  /** Newest first. */
  list(query: AttributionQuery): Promise<Page<ListedAttribution>>
  counts(): Promise<{ attributed: bigint; quarantined: bigint }>
}

/** What a release has left: the decision as it is kept now, and whether it was that before. */
export interface ReleasedAttribution {
  readonly attribution: KeptAttribution
  readonly alreadyReleased: boolean
}

/** What waits for a person. */
export interface QuarantineStore {
  /**
   * Puts what `decide` makes of an event's newest decision in its place, lets the event go on to the company, and takes it from the one that
   * has seen an earlier revision, in one commit; without effect where it makes nothing of it. Undefined if there is no such event.
   */
  release(
    eventId: EventId,
    companyId: CompanyId,
    /** `wasSent`: an earlier revision has gone to a company. */
    decide: (newest: KeptAttribution, company: Company | undefined, wasSent: boolean) => DecidedRelease | undefined,
    /** Who adds the missing signal, if one is added. */
    addsSignal: Author | undefined,
  ): Promise<ReleasedAttribution | undefined>
  /** The same against every company. */
  discard(
    eventId: EventId,
    decide: (newest: Decision) => { decision: Discarded; review: Review } | undefined,
  ): Promise<DiscardedAttribution | undefined>
  /** The newest events that wait and carry the evidence, before a position. */
  listWaiting(page: { evidence: Evidence; before: bigint | undefined; limit: number }): Promise<KeptAttribution[]>
}

/** What a person's release is made of. */
export interface DecidedRelease {
  readonly decision: Released
  readonly review: Review
  /** That the company gets in the same commit. */
  readonly signal: Signal | undefined
}

/** What a discard has left: the decision as it is kept now, and whether it was that before. */
export interface DiscardedAttribution {
  readonly attribution: KeptAttribution
  readonly alreadyDiscarded: boolean
}

/** A decision that a person has looked at, and what he said. */
export interface Label {
  readonly sequence: bigint
  readonly attribution: KeptAttribution
  readonly review: Review
}

/** What persons look at, and what they said. */
export interface ReviewStore {
  /** What was drawn and waits, the oldest first. */
  listAudits(page: { limit: number; pageToken: string }): Promise<Page<KeptAttribution>>
  /** Keeps what `decide` makes of an event's newest decision; undefined if there is no such event. */
  review(
    eventId: EventId,
    companyId: CompanyId | undefined,
    decide: (newest: Decision, company: Company | undefined) => Review,
  ): Promise<KeptAttribution | undefined>
  /** What may be fitted by: each act with a propensity, in its order. */
  listLabels(page: { after: bigint; limit: number }): Promise<Label[]>
}

/** A window of decisions to decide anew. */
export interface ReattributionQuery {
  readonly decidedFrom: Date
  readonly decidedUntil: Date
  readonly companyId: string | undefined
  readonly limit: number
  /** From the last page; empty for the first. */
  readonly pageToken: string
}

/** What was attributed in a window, and what is known of it now. */
export interface ReattributionReader {
  /** The newest decisions of their events, the oldest first. */
  list(query: ReattributionQuery): Promise<Page<KeptAttribution>>
  lookUp(events: readonly ProviderEvent[]): Promise<LookedUp>
}

/** Where time and new ids come from. */
export interface Sources {
  readonly now: () => Date
  readonly newId: (prefix: 'brn' | 'con' | 'phn' | 'sig') => string
}
