import type { CompanyId } from '@frontdesk/contracts'
import type { Page } from '@frontdesk/database'
import type { Appointment, AppointmentChange, AppointmentState } from '../domain/appointment.ts'
import type { Contact, Customer, CustomerIdentity } from '../domain/customer.ts'
import type { TimeSpan } from '../domain/free-times.ts'

/** A name under which the outside world knows an appointment; an appointment can have several. */
export interface AppointmentReference {
  /** `calendar_series` is the iCalendar UID, which stays the same through reschedules; `tool_call` a voice agent's request, by its key. */
  readonly kind: 'call' | 'calendar_booking' | 'calendar_series' | 'tool_call'
  readonly value: string
}

/** A change from outside, with all the names of the appointment that it is about. */
export interface Change extends AppointmentChange {
  readonly references: readonly AppointmentReference[]
  readonly contact: Contact | undefined
}

/** What a batch of changes is about to touch, as it stands in the database. */
export interface BookPage {
  readonly appointments: readonly Appointment[]
  readonly references: readonly { readonly reference: AppointmentReference; readonly appointmentId: string }[]
  readonly customers: readonly Customer[]
  readonly identities: readonly { readonly identity: CustomerIdentity; readonly customerId: string }[]
}

/** What a batch of changes did. */
export interface BookChanges {
  /** New or changed. */
  readonly appointments: readonly Appointment[]
  /** In the order in which they were merged. */
  readonly absorbed: readonly { readonly appointmentId: string; readonly into: string }[]
  /** New, or now of another appointment. */
  readonly references: BookPage['references']
  /** New or changed. */
  readonly customers: readonly Customer[]
  readonly newIdentities: BookPage['identities']
}

/** One company's appointments and customers, inside one transaction. */
export interface Book {
  /** Reads and locks what the references and identities lead to. */
  open(references: readonly AppointmentReference[], identities: readonly CustomerIdentity[]): Promise<BookPage>
  /** @throws FrontdeskError `version_conflict` when somebody else made the same at the same time; try again. */
  save(changes: BookChanges): Promise<void>
}

/** An appointment with when its row was made and last changed. */
export type StoredAppointment = Appointment & { readonly createdAt: Date; readonly updatedAt: Date }

/** A customer with when its row was made. */
export type StoredCustomer = Customer & { readonly createdAt: Date }

/** What to list; each undefined field matches all. */
export interface AppointmentQuery {
  readonly customerId: string | undefined
  readonly status: AppointmentState['status'] | undefined
  /** Any name under which the outside world knows it. */
  readonly originId: string | undefined
  /** Only those that a person has to look at. */
  readonly flagged: boolean
  readonly limit: number
  readonly pageToken: string
}

/** Reads one company's appointments. */
export interface AppointmentReader {
  get(appointmentId: string): Promise<StoredAppointment | undefined>
  /** By start, those without a time first, then by id. */
  list(query: AppointmentQuery): Promise<Page<StoredAppointment>>
}

/** Reads one company's customers. */
export interface CustomerReader {
  get(customerId: string): Promise<StoredCustomer | undefined>
  /** Oldest first. */
  list(query: { readonly limit: number; readonly pageToken: string }): Promise<Page<StoredCustomer>>
}

/** Why a company may not use a feature; `other` is a reason newer than this process. */
export type RefusalReason = 'no_subscription' | 'subscription_inactive' | 'other'

/** Whether a company may use a feature now. */
export type Entitlement = { readonly allowed: true } | { readonly allowed: false; readonly reason: RefusalReason }

/** Billing, as far as booking needs it. */
export interface Entitlements {
  /** Rejects when billing can't say it, within 400 ms at most. */
  voice(companyId: CompanyId): Promise<Entitlement>
}

/** What a company knows of whoever calls it. */
export interface KnownCaller {
  /** Empty when nobody said it. */
  readonly name: string
  readonly nextAppointment: { readonly id: string; readonly title: string; readonly startsAt: Date } | undefined
}

/** Reads who calls one company. */
export interface CallerReader {
  /** By the call's own number, E.164, with the first confirmed appointment that is not over. */
  find(callerNumber: string, now: Date): Promise<KnownCaller | undefined>
}

/** A confirmed appointment is in its company's calendar. */
export interface CalendarReader {
  /** The confirmed appointments that overlap the span. */
  overlapping(span: TimeSpan): Promise<readonly Appointment[]>
}
