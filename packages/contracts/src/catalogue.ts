import {
  AppointmentCancelled,
  AppointmentConfirmed,
  AppointmentRequested,
  AppointmentRescheduled,
} from './gen/frontdesk/events/v1/appointment.ts'
import {
  CalendarBookingCancelled,
  CalendarBookingCreated,
  CalendarBookingLocationUpdated,
  CalendarBookingMeetingEnded,
  CalendarBookingMeetingStarted,
  CalendarBookingNoShow,
  CalendarBookingPaid,
  CalendarBookingPaymentInitiated,
  CalendarBookingReassigned,
  CalendarBookingRecordingReady,
  CalendarBookingRejected,
  CalendarBookingRequested,
  CalendarBookingRescheduled,
  CalendarBookingTranscriptionGenerated,
} from './gen/frontdesk/events/v1/calendar_booking.ts'
import { BranchCreated, BranchDeactivated, BranchUpdated } from './gen/frontdesk/events/v1/branch.ts'
import { CallAnalyzed, CallEnded, CallStarted, CallTransferred } from './gen/frontdesk/events/v1/call.ts'
import { CheckoutChanged, CheckoutCompleted } from './gen/frontdesk/events/v1/checkout.ts'
import { CompanyCreated, CompanyDeactivated, CompanyReactivated, CompanyUpdated } from './gen/frontdesk/events/v1/company.ts'
import { ConnectionChanged } from './gen/frontdesk/events/v1/connection.ts'
import { CustomerCreated, CustomerUpdated } from './gen/frontdesk/events/v1/customer.ts'
import { InvoiceChanged } from './gen/frontdesk/events/v1/invoice.ts'
import { MessageReceived, MessageSent, MessageStatusChanged } from './gen/frontdesk/events/v1/message.ts'
import { ContactIdChanged, MessagingAccountUpdated, TemplateStatusChanged } from './gen/frontdesk/events/v1/messaging_account.ts'
import { MeterFailed } from './gen/frontdesk/events/v1/meter.ts'
import { DisputeChanged, PaymentChanged, RefundChanged } from './gen/frontdesk/events/v1/payment.ts'
import { PhoneNumberAdded, PhoneNumberEnded } from './gen/frontdesk/events/v1/phone_number.ts'
import { ProviderEventReceived } from './gen/frontdesk/events/v1/provider_event.ts'
import { EventQuarantined } from './gen/frontdesk/events/v1/quarantine.ts'
import { SignalAdded, SignalEnded } from './gen/frontdesk/events/v1/signal.ts'
import { SubscriptionChanged } from './gen/frontdesk/events/v1/subscription.ts'
import { UsageRecorded } from './gen/frontdesk/events/v1/usage.ts'
import { EventWithdrawn } from './gen/frontdesk/events/v1/withdrawn.ts'

/** What the catalogue needs of a generated payload message: its proto3 JSON form, both ways. */
export interface PayloadCodec<Payload> {
  fromJSON(json: unknown): Payload
  toJSON(payload: Payload): unknown
}

interface CatalogueEntry<Payload> {
  readonly owner: 'webhook-ingress' | 'company-resolver' | 'booking' | 'billing' | 'messaging'
  readonly summary: string
  readonly payload: PayloadCodec<Payload>
}

function entry<Payload>(owner: CatalogueEntry<Payload>['owner'], summary: string, payload: PayloadCodec<Payload>): CatalogueEntry<Payload> {
  return { owner, summary, payload }
}

/** Every event of Frontdesk by its `ce-type`: who publishes it, what it says, and its payload's codec. */
export const catalogue = {
  'frontdesk.call.started.v1': entry('webhook-ingress', 'A phone or web call was connected.', CallStarted),
  'frontdesk.call.ended.v1': entry('webhook-ingress', 'A call ended, or never connected.', CallEnded),
  'frontdesk.call.analyzed.v1': entry('webhook-ingress', 'The analysis of an ended call is there.', CallAnalyzed),
  'frontdesk.call.transferred.v1': entry('webhook-ingress', 'A step of a call’s way to somebody else.', CallTransferred),
  'frontdesk.calendar_booking.created.v1': entry('webhook-ingress', 'A guest booked in an external calendar.', CalendarBookingCreated),
  'frontdesk.calendar_booking.rescheduled.v1': entry(
    'webhook-ingress',
    'A booking was replaced by one at another time.',
    CalendarBookingRescheduled,
  ),
  'frontdesk.calendar_booking.cancelled.v1': entry('webhook-ingress', 'A booking was cancelled.', CalendarBookingCancelled),
  'frontdesk.calendar_booking.requested.v1': entry(
    'webhook-ingress',
    'A guest asked for a booking, or for another time, which its host has to confirm.',
    CalendarBookingRequested,
  ),
  'frontdesk.calendar_booking.rejected.v1': entry('webhook-ingress', 'A host did not confirm a booking.', CalendarBookingRejected),
  'frontdesk.calendar_booking.payment_initiated.v1': entry(
    'webhook-ingress',
    'A guest began to pay for a booking.',
    CalendarBookingPaymentInitiated,
  ),
  'frontdesk.calendar_booking.paid.v1': entry('webhook-ingress', 'A guest paid for a booking.', CalendarBookingPaid),
  'frontdesk.calendar_booking.location_updated.v1': entry(
    'webhook-ingress',
    'A booking takes place elsewhere.',
    CalendarBookingLocationUpdated,
  ),
  'frontdesk.calendar_booking.reassigned.v1': entry('webhook-ingress', 'Another host has a booking.', CalendarBookingReassigned),
  'frontdesk.calendar_booking.meeting_started.v1': entry(
    'webhook-ingress',
    'The time of a booking has begun.',
    CalendarBookingMeetingStarted,
  ),
  'frontdesk.calendar_booking.meeting_ended.v1': entry('webhook-ingress', 'The time of a booking is over.', CalendarBookingMeetingEnded),
  'frontdesk.calendar_booking.no_show.v1': entry(
    'webhook-ingress',
    'Somebody did not come to a booking, or came after all.',
    CalendarBookingNoShow,
  ),
  'frontdesk.calendar_booking.recording_ready.v1': entry(
    'webhook-ingress',
    'The recording of a booked meeting is there.',
    CalendarBookingRecordingReady,
  ),
  'frontdesk.calendar_booking.transcription_generated.v1': entry(
    'webhook-ingress',
    'The text of a booked meeting is there.',
    CalendarBookingTranscriptionGenerated,
  ),
  'frontdesk.subscription.changed.v1': entry('webhook-ingress', 'Something of a subscription changed.', SubscriptionChanged),
  'frontdesk.invoice.changed.v1': entry('webhook-ingress', 'Something of an invoice changed.', InvoiceChanged),
  'frontdesk.payment.changed.v1': entry('webhook-ingress', 'Something of a payment or a charge changed.', PaymentChanged),
  'frontdesk.refund.changed.v1': entry('webhook-ingress', 'Something of a refund changed.', RefundChanged),
  'frontdesk.dispute.changed.v1': entry('webhook-ingress', 'Something of a dispute about a charge changed.', DisputeChanged),
  'frontdesk.checkout.completed.v1': entry('webhook-ingress', 'A customer is done with a checkout.', CheckoutCompleted),
  'frontdesk.checkout.changed.v1': entry('webhook-ingress', 'A checkout’s money came or failed later, or it expired.', CheckoutChanged),
  'frontdesk.meter.failed.v1': entry('webhook-ingress', 'Usage that was reported could not be counted.', MeterFailed),
  'frontdesk.message.received.v1': entry('webhook-ingress', 'Somebody wrote to a company.', MessageReceived),
  'frontdesk.message.status_changed.v1': entry(
    'webhook-ingress',
    'A message of ours was delivered, read, or failed.',
    MessageStatusChanged,
  ),
  'frontdesk.template.status_changed.v1': entry('webhook-ingress', 'The provider decided on a message template.', TemplateStatusChanged),
  'frontdesk.messaging_account.updated.v1': entry('webhook-ingress', 'Something of a messaging account changed.', MessagingAccountUpdated),
  'frontdesk.contact.id_changed.v1': entry('webhook-ingress', 'A person has another id or another number.', ContactIdChanged),
  'frontdesk.provider_event.received.v1': entry(
    'webhook-ingress',
    'A verified event that is not modelled, or does not fit its schema.',
    ProviderEventReceived,
  ),
  'frontdesk.event.withdrawn.v1': entry(
    'company-resolver',
    'An event that a company was sent turned out not to be its own.',
    EventWithdrawn,
  ),
  'frontdesk.event.quarantined.v1': entry(
    'company-resolver',
    'An event whose company is not sure enough waits for a person.',
    EventQuarantined,
  ),
  'frontdesk.connection.changed.v1': entry(
    'company-resolver',
    'A connection with a provider was made, has another secret, or is no longer used.',
    ConnectionChanged,
  ),
  'frontdesk.company.created.v1': entry('company-resolver', 'A company was taken into the directory.', CompanyCreated),
  'frontdesk.company.updated.v1': entry('company-resolver', 'A company has another name or time zone.', CompanyUpdated),
  'frontdesk.company.deactivated.v1': entry(
    'company-resolver',
    'A company’s service ended: its events are quarantined from then on.',
    CompanyDeactivated,
  ),
  'frontdesk.company.reactivated.v1': entry('company-resolver', 'A company is served again.', CompanyReactivated),
  'frontdesk.branch.created.v1': entry('company-resolver', 'A company has a new branch.', BranchCreated),
  'frontdesk.branch.updated.v1': entry('company-resolver', 'A branch has another name or time zone.', BranchUpdated),
  'frontdesk.branch.deactivated.v1': entry('company-resolver', 'A branch was closed.', BranchDeactivated),
  'frontdesk.phone_number.added.v1': entry('company-resolver', 'A company is called at a further number.', PhoneNumberAdded),
  'frontdesk.phone_number.ended.v1': entry('company-resolver', 'A number is a company’s only until a given time.', PhoneNumberEnded),
  'frontdesk.signal.added.v1': entry('company-resolver', 'A company is recognised by a further value.', SignalAdded),
  'frontdesk.signal.ended.v1': entry('company-resolver', 'A value stands for a company only until a given time.', SignalEnded),
  'frontdesk.appointment.requested.v1': entry('booking', 'A caller asked for an appointment.', AppointmentRequested),
  'frontdesk.appointment.confirmed.v1': entry('booking', 'An appointment has its time.', AppointmentConfirmed),
  'frontdesk.appointment.rescheduled.v1': entry('booking', 'An appointment moved to another time.', AppointmentRescheduled),
  'frontdesk.appointment.cancelled.v1': entry('booking', 'An appointment will not take place.', AppointmentCancelled),
  'frontdesk.customer.created.v1': entry('booking', 'A company has a new customer.', CustomerCreated),
  'frontdesk.customer.updated.v1': entry('booking', 'A customer’s name or contact changed.', CustomerUpdated),
  'frontdesk.usage.recorded.v1': entry('billing', 'Something was used that a plan counts.', UsageRecorded),
  'frontdesk.message.sent.v1': entry('messaging', 'The provider took a message of ours.', MessageSent),
} as const satisfies Record<`frontdesk.${string}.${string}.v1`, CatalogueEntry<unknown>>

/** The `ce-type` of an event that the catalogue lists. */
export type EventType = keyof typeof catalogue

/** The payload of one event type. */
export type PayloadOf<Type extends EventType> = ReturnType<(typeof catalogue)[Type]['payload']['fromJSON']>

/** Whether the catalogue lists this `ce-type`. */
export function isEventType(text: string): text is EventType {
  return Object.hasOwn(catalogue, text)
}

/** The payload as an event's body: proto3 JSON in UTF-8. */
export function encodePayload<Type extends EventType>(type: Type, payload: PayloadOf<Type>): Uint8Array {
  const codec = catalogue[type].payload as PayloadCodec<PayloadOf<Type>>
  return Buffer.from(JSON.stringify(codec.toJSON(payload)))
}

/**
 * The payload that an event's body holds.
 * @throws SyntaxError if the body is not JSON, Error if a field can't be read as its type.
 */
export function decodePayload<Type extends EventType>(type: Type, body: Uint8Array): PayloadOf<Type> {
  const codec = catalogue[type].payload as PayloadCodec<PayloadOf<Type>>
  return codec.fromJSON(JSON.parse(Buffer.from(body).toString('utf8')))
}
