import type { CompanyId, EventId, Evidence } from '@frontdesk/contracts'
import type { Page } from '@frontdesk/database'
import type { NormalizedEvent } from '@frontdesk/providers'
import type { ErrorCode } from '@frontdesk/errors'
import type { CalledCompany, Caller } from '../domain/call-variables.ts'
import type { Acceptance, Delivery, VerifiedBy } from '../domain/delivery.ts'
import type { BookedAppointment } from '../domain/function-answers.ts'

/** A delivery that has just proved who sent it. */
export type VerifiedDelivery = Delivery & { readonly verifiedBy: VerifiedBy }

/** Keeps deliveries for good. */
export interface Ledger {
  /**
   * Resolves once the delivery and its events are committed to disk.
   * @throws FrontdeskError `unavailable` when that can't be said in time.
   */
  keep(delivery: VerifiedDelivery, events: readonly NormalizedEvent[]): Promise<Acceptance>
}

/** The secrets of one connection, newest first: current, then previous during a rotation. */
export interface ConnectionSecrets {
  readonly connectionId: string
  readonly provider: string
  /** The current one and the previous one; none of a connection that is deactivated. */
  readonly secrets: readonly string[]
  /** When the previous one is refused; undefined without one. */
  readonly previousUntil: Date | undefined
  /** Rises across all connections with each change in the directory. */
  readonly version: bigint
}

/** A page of what changed in the directory. */
export interface ChangedConnections {
  readonly connections: readonly ConnectionSecrets[]
  /** What has been seen by now, even where the directory had to leave one out. */
  readonly nextVersion: bigint
  readonly hasMore: boolean
}

/** The company-resolver's directory, as far as the ingress needs it. */
export interface Directory {
  /** Those that changed after the version, at most `limit`, and where to go on. */
  changedSince(version: bigint, limit: number): Promise<ChangedConnections>
  /** Undefined when there is no such connection. */
  find(connectionId: string): Promise<ConnectionSecrets | undefined>
}

/** The ingress's own sealed copy of the secrets, so that it verifies without the directory. */
export interface SecretStore {
  all(): Promise<readonly ConnectionSecrets[]>
  save(connections: readonly ConnectionSecrets[]): Promise<void>
}

/** How much one connection may send, and one address that proves nothing. */
export interface RateLimits {
  /** Takes nothing. @throws FrontdeskError `rate_limited` when the connection's share is used up. */
  checkConnection(connectionId: string): Promise<void>
  /** Takes one from the connection's share. @throws FrontdeskError `rate_limited`. */
  takeOfConnection(connectionId: string): Promise<void>
  /** Takes nothing. @throws FrontdeskError `rate_limited` when too much from the address proved nothing. */
  checkAddress(address: string): Promise<void>
  /** Counts one that proved nothing. @throws FrontdeskError `rate_limited`. */
  takeOfAddress(address: string): Promise<void>
}

/** Remembers why deliveries were refused, so that an operator sees a mis-set secret. */
export interface RefusalLog {
  /** Never throws and never waits. A client that is gone already has no address any more. */
  record(refusal: { provider: string; connectionId: string | undefined; code: ErrorCode; address: string | undefined; at: Date }): void
}

/** Alike refusals of one second. */
export interface KeptRefusal {
  readonly at: Date
  readonly provider: string
  readonly connectionId: string | undefined
  readonly code: string
  readonly address: string
  readonly times: number
}

/** Which refusals to list; each undefined field matches all. */
export interface RefusalQuery {
  readonly provider: string | undefined
  readonly connectionId: string | undefined
  readonly code: string | undefined
  readonly refusedFrom: Date | undefined
  /** Before this instant. */
  readonly refusedUntil: Date | undefined
  readonly limit: number
  /** From the last page; empty for the first. */
  readonly pageToken: string
}

/** Reads why deliveries were refused. */
export interface RefusalReader {
  /** Newest first. */
  list(query: RefusalQuery): Promise<Page<KeptRefusal>>
}

/** An event as the ledger lists it. */
export interface LedgerEntry {
  readonly eventId: EventId
  readonly deliveryId: string
  readonly provider: string
  readonly connectionId: string | undefined
  /** Its `ce-type`. */
  readonly type: string
  readonly entityId: string
  readonly receivedAt: Date
  /** Of what was published last; 0 if that is still to come. */
  readonly revision: number
  /** Undefined where that was not kept. */
  readonly verifiedBy: VerifiedBy | undefined
}

/** Which events; each undefined field matches all. */
export interface LedgerFilter {
  readonly provider: string | undefined
  /** Of any of these; none matches all. */
  readonly types: readonly string[]
  readonly entityId: string | undefined
  readonly connectionId: string | undefined
  readonly receivedFrom: Date | undefined
  /** Before this instant. */
  readonly receivedUntil: Date | undefined
}

/** A page of a list. */
export interface LedgerQuery extends LedgerFilter {
  readonly limit: number
  /** From the last page; empty for the first. */
  readonly pageToken: string
}

/** A revision of an event, and when it came or was made, shortly before it was published. */
export interface Publication {
  readonly eventId: EventId
  readonly revision: number
  readonly at: Date
}

/** Reads what the ingress accepted. */
export interface LedgerReader {
  event(id: EventId): Promise<LedgerEntry | undefined>
  /** Newest first, with the token of the next page, empty on the last one; where few events match, a page may be short. */
  list(query: LedgerQuery): Promise<{ events: LedgerEntry[]; nextPageToken: string }>
  /** Every revision of the events, rising, and when it was received or decided; what the ledger does not know is left out. */
  publications(ids: readonly EventId[]): Promise<readonly Publication[]>
  /** Of these events those that match, in their newest revisions. */
  newestMatching(filter: LedgerFilter, ids: readonly EventId[]): Promise<readonly Publication[]>
  delivery(id: string): Promise<Delivery | undefined>
  countAccepted(): Promise<bigint>
  /** How many events match; not `all` if the time was up before they were counted. */
  count(filter: LedgerFilter): Promise<{ readonly counted: bigint; readonly all: boolean }>
}

/** A company, as the directory vouches for it. */
export interface FoundCompany extends CalledCompany {
  readonly companyId: CompanyId
}

/** The company-resolver, as far as somebody who waits needs it. */
export interface CompanyFinder {
  /** Whom the evidence names now, by the decision that events get; or why nobody, such as `no_match`. */
  find(provider: string, evidence: readonly Evidence[]): Promise<FoundCompany | { readonly reason: string }>
}

/** Booking, as far as a ringing call needs it. */
export interface CallDesk {
  /** What the company knows of the caller; or why it takes no calls, such as `no_subscription`. */
  answer(companyId: CompanyId, callerNumber: string | undefined): Promise<Caller | { readonly refusal: string }>
}

/** What a caller asks for in the call. */
export interface WantedAppointment {
  /** Names the tool call: the same one books once. */
  readonly key: EventId
  readonly callId: string
  readonly callerNumber: string | undefined
  readonly customerName: string
  readonly title: string
  readonly startsAt: Date
  readonly durationMinutes: number
}

/** Booking, as far as a voice agent's tools need it. */
export interface BookingDesk {
  /** Starts within the window at which so long an appointment fits. */
  freeTimes(companyId: CompanyId, window: { readonly startsAt: Date; readonly endsAt: Date }, durationMinutes: number): Promise<Date[]>
  /** The appointment; or why there is none, such as `taken`. */
  book(companyId: CompanyId, wanted: WantedAppointment): Promise<BookedAppointment | { readonly refusal: string }>
}
