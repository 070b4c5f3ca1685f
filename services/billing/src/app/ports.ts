import type { CompanyId, EventId } from '@frontdesk/contracts'
import type { Page } from '@frontdesk/database'
import type { Boundary, LineKind, UsageTotals } from '../domain/invoice-lines.ts'
import type { Period } from '../domain/period.ts'
import type { Plan } from '../domain/plan.ts'
import type { RefusedMetering, Unresolved } from '../domain/refused-report.ts'
import type { FetchedObject, InvoiceState, ProviderObject, SubscriptionState } from '../domain/subscription.ts'
import type { UsageDecision, UsageKind, UsageRecord } from '../domain/usage.ts'

/** Which page of a list. */
export interface PageRequest {
  readonly limit: number
  readonly pageToken: string
}

/** The platform's plans. */
export interface PlanStore {
  insert(plan: Plan): Promise<void>
  find(planId: string): Promise<Plan | undefined>
  /** Oldest first. */
  list(page: PageRequest): Promise<Page<Plan>>
}

/** A mirrored state, when it was fetched, and the event that led to that. */
export type Mirrored<State> = State & { readonly fetchedAt: Date; readonly eventId: string }

/** A company's account, as far as it has been opened. */
export interface Account {
  readonly companyId: CompanyId
  readonly plan: Plan
  /** The name and address on the invoice. */
  readonly name: string
  readonly email: string
  /** The number of the attempt to open it: each refused one begins another. */
  readonly attempt: number
  readonly customerId: string | undefined
  readonly subscriptionId: string | undefined
  /** Undefined while the payment provider has none, and when it knows it no longer. */
  readonly subscription: Mirrored<SubscriptionState> | undefined
}

/** One company's account. */
export interface AccountStore {
  /** Keeps the account as it is to be opened; one that is there stays as it is, unless it was refused. */
  begin(draft: { readonly planId: string; readonly name: string; readonly email: string }): Promise<void>
  find(): Promise<Account | undefined>
  /** The provider refused to make what this attempt asked for: the next one may ask for something else. */
  refused(attempt: number): Promise<void>
  /** Keeps the customer, and has everything fetched again that was asked for before there was one. */
  setCustomer(customerId: string): Promise<void>
  /** Keeps the subscription, with its state if there is none mirrored yet, and has it fetched. */
  setSubscription(state: SubscriptionState): Promise<void>
}

/** Whether a company may use its plan is asked at every use: this is one read. */
export interface SubscriptionStatusReader {
  /** Undefined without an account, or without a subscription. */
  status(companyId: CompanyId): Promise<string | undefined>
}

/** One company's usage, inside one transaction. */
export interface UsageBook {
  /** Reads and locks what is known of these calls and messages. */
  open(entities: readonly Pick<UsageRecord, 'kind' | 'entityId'>[]): Promise<UsageRecord[]>
  /** @throws FrontdeskError `version_conflict` when somebody else counted the same at the same time; try again. */
  save(records: readonly { readonly record: UsageRecord; readonly change: UsageDecision['change'] }[]): Promise<void>
}

/** A record with when the meter took it. */
export type ListedUsage = UsageRecord & { readonly reportedAt: Date | undefined }

/** What to list; a line's list is of the line's kind, and ends or begins at the boundary. */
export interface UsageQuery extends PageRequest {
  readonly period: Period
  readonly line: LineKind | undefined
  readonly boundary: Boundary | undefined
}

/** Reads one company's usage. */
export interface UsageReader {
  totals(period: Period, includedMinutes: number): Promise<UsageTotals>
  /** Undefined when the included minutes are not used up. */
  boundary(period: Period, includedMinutes: number): Promise<Boundary | undefined>
  /** By time of use, then id. */
  list(query: UsageQuery): Promise<Page<ListedUsage>>
}

/** Reads one company's mirrored invoices. */
export interface InvoiceReader {
  /** The newest first. */
  list(page: PageRequest): Promise<Page<Mirrored<InvoiceState>>>
}

/** Notes what has to be fetched again, inside one transaction. */
export interface RefetchRequests {
  request(objects: readonly (ProviderObject & { readonly companyId: CompanyId; readonly eventId: EventId })[]): Promise<void>
}

/** One fetch that was taken on, with the version that was wanted then, and whose account it is for. */
export interface Refetch extends ProviderObject {
  readonly companyId: CompanyId
  readonly version: number
  readonly eventId: EventId | undefined
  /** This one included. */
  readonly attempts: number
  readonly customerId: string | undefined
}

/** What came of a fetch. */
export type FetchOutcome =
  | { readonly kind: 'mirrored'; readonly object: FetchedObject }
  /** The provider does not know it, or no longer. */
  | { readonly kind: 'missing' }
  /** It is of a customer that is not the account's. */
  | { readonly kind: 'foreign' }

/** What has to be fetched, over all companies. */
export interface RefetchQueue {
  /** Takes on what is due; whoever does not settle it in time loses it to the next one. */
  readonly claim: (limit: number) => Promise<Refetch[]>
  /** Keeps the outcome, unless that of a later version is there: false then. */
  settle(refetch: Refetch, outcome: FetchOutcome): Promise<boolean>
  retryLater(refetch: Refetch, delayMs: number): Promise<void>
}

/** One report to a meter that was taken on. */
export interface UsageReport {
  readonly companyId: CompanyId
  readonly usageId: string
  readonly kind: UsageKind
  readonly usedAt: Date
  readonly number: number
  readonly quantity: number
  /** This one included. */
  readonly attempts: number
  /** Since when it was to be reported, which is before the first attempt. */
  readonly waitsSince: Date
  readonly customerId: string
}

/** What the meters have to be told, over all companies. */
export interface ReportQueue {
  /**
   * Takes on what is due; whoever does not settle it in time loses it to the next one. Usage of a company without an
   * account is left out and waits for that.
   */
  readonly claim: (limit: number) => Promise<UsageReport[]>
  readonly settle: (report: UsageReport) => Promise<void>
  retryLater(report: UsageReport, delayMs: number): Promise<void>
}

/** What an event says of a meter that could not count some usage; the reasons have to be asked for. */
export interface MeterFailure {
  readonly providerEventId: string
  /** Empty where there is no such meter. */
  readonly meterId: string
}

/** Why a meter could not count some usage. */
export interface MeterError {
  /** The provider's own; there can be new ones. */
  readonly code: string
  /** How many reports it could not count for this. */
  readonly errors: number
  /** Of those that it names, each once. Fewer than there are, mostly. */
  readonly identifiers: readonly string[]
}

/** A record that is named in a meter's error. */
export interface RefusedRecord extends RefusedMetering {
  readonly companyId: CompanyId
  readonly usageId: string
  readonly kind: UsageKind
}

/** A record of which the meter has only `reported`; the rest is reported at `dueAt`, if any is left. */
export interface TakenBack {
  readonly record: RefusedRecord
  readonly reported: number
  readonly dueAt: Date | undefined
}

/** The records whose reports the meters refused, over all companies, inside one transaction. */
export interface RefusedReports {
  /** Reads and locks the records. */
  open(usageIds: readonly string[]): Promise<RefusedRecord[]>
  /** For records that are open. */
  takeBack(records: readonly TakenBack[]): Promise<void>
}

/** What became of a report that a meter refused. */
export type RefusedReport =
  | ({ readonly outcome: 'taken_back'; readonly number: number; readonly quantity: number } & TakenBack)
  /** A person has to look, unless it is `known`. */
  | { readonly outcome: Unresolved; readonly identifier: string; readonly record: RefusedRecord | undefined }

/** What we ask of the payment provider. A failure is a FrontdeskError, whose `retryable` says whether to ask again. */
export interface PaymentProvider {
  /** The customer's id; the same for a company's attempt however often it is asked. */
  createCustomer(company: {
    readonly companyId: CompanyId
    readonly attempt: number
    readonly name: string
    readonly email: string
  }): Promise<string>
  /** The subscription that the company's customer has already, for a request that was cut off. */
  findSubscription(customer: { readonly companyId: CompanyId; readonly customerId: string }): Promise<SubscriptionState | undefined>
  createSubscription(draft: {
    readonly companyId: CompanyId
    readonly attempt: number
    readonly customerId: string
    readonly priceId: string
  }): Promise<SubscriptionState>
  /** Undefined for what it does not know, or no longer. */
  fetch(object: ProviderObject): Promise<FetchedObject | undefined>
  /** Tells a meter of a use; the same identifier counts once. */
  readonly report: (use: {
    readonly identifier: string
    readonly kind: UsageKind
    readonly customerId: string
    readonly quantity: number
    readonly at: Date
  }) => Promise<void>
  /** What its event says that its meters could not count. @throws FrontdeskError `not_found` for an event that it does not know, or no longer. */
  meterErrors(providerEventId: string): Promise<MeterError[]>
}

/** Where what happens in the background is counted, and said where a person should look. */
export interface Observer {
  readonly usageCounted: (kind: UsageKind, change: UsageDecision['change']) => void
  /** `superseded`: a later version was there first. */
  readonly fetched: (refetch: Refetch, outcome: FetchOutcome['kind'] | 'superseded') => void
  readonly fetchFailed: (refetch: Refetch, error: unknown, delayMs: number) => void
  /** `clamped`: for another time than its own. `perhapsTwice`: tried before, so long ago that the meter may have forgotten it. */
  readonly reported: (report: UsageReport, how: { readonly clamped: boolean; readonly perhapsTwice: boolean }) => void
  readonly reportFailed: (report: UsageReport, error: unknown, delayMs: number) => void
  /** A correction took back what the meter has, and the meter can't be told less. */
  readonly overReported: (record: OverReported) => void
  readonly meterFailed: (failure: MeterFailure & MeterError) => void
  readonly reportRefused: (report: RefusedReport) => void
}

/** A record of which a meter was told too much. */
export interface OverReported {
  readonly companyId: CompanyId
  readonly usageId: string
  readonly kind: UsageKind
  readonly quantity: number
  readonly reported: number
}
