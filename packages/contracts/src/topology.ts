import type { EventType } from './catalogue.ts'
import { bulkSubject, everyCompanySubject, ingressSubject } from './subjects.ts'

const dayMs = 24 * 60 * 60 * 1000

/** A JetStream stream as `frontdesk streams apply` makes it: limits retention, `discard: old`. */
export interface StreamSpec {
  readonly name: 'INGRESS' | 'COMPANY' | 'QUARANTINE'
  readonly subjects: readonly string[]
  readonly maxAgeMs: number
  readonly maxBytes: number
  /** How long the broker itself forgets no message id; the inboxes deduplicate for ever. */
  readonly duplicateWindowMs: number
}

/** A durable pull consumer, `max_deliver: -1`: the application alone decides what is dead. */
export interface DurableSpec {
  readonly stream: StreamSpec['name']
  readonly name: string
  readonly service: 'company-resolver' | 'booking' | 'billing' | 'messaging'
  readonly filterSubjects: readonly string[]
  readonly ackWaitMs: number
  readonly maxAckPending: number
}

const gib = 1024 ** 3
const twoMinutesMs = 2 * 60 * 1000

/** The streams. Their retention is shorter than the outbox's, so that what a stream forgot can be refilled. */
export const streams = [
  { name: 'INGRESS', subjects: ['ingress.>', 'bulk.ingress.>'], maxAgeMs: 3 * dayMs, maxBytes: 4 * gib, duplicateWindowMs: twoMinutesMs },
  { name: 'COMPANY', subjects: ['company.>', 'bulk.company.>'], maxAgeMs: 7 * dayMs, maxBytes: 4 * gib, duplicateWindowMs: twoMinutesMs },
  {
    name: 'QUARANTINE',
    subjects: ['quarantine.>', 'bulk.quarantine.>'],
    maxAgeMs: 7 * dayMs,
    maxBytes: gib,
    duplicateWindowMs: twoMinutesMs,
  },
] as const satisfies readonly StreamSpec[]

/** What booking consumes. */
export const bookingEventTypes = [
  'frontdesk.call.analyzed.v1',
  'frontdesk.calendar_booking.created.v1',
  'frontdesk.calendar_booking.rescheduled.v1',
  'frontdesk.calendar_booking.cancelled.v1',
  'frontdesk.event.withdrawn.v1',
] as const satisfies readonly EventType[]

/** What billing consumes. */
export const billingEventTypes = [
  'frontdesk.call.ended.v1',
  'frontdesk.message.sent.v1',
  'frontdesk.subscription.changed.v1',
  'frontdesk.invoice.changed.v1',
  'frontdesk.event.withdrawn.v1',
] as const satisfies readonly EventType[]

/** What billing consumes as it comes from the payment provider: it concerns the platform's meters, and no single company. */
export const billingProviderEventTypes = ['frontdesk.meter.failed.v1'] as const satisfies readonly EventType[]

/** What messaging consumes. */
export const messagingEventTypes = [
  'frontdesk.message.received.v1',
  'frontdesk.message.status_changed.v1',
  'frontdesk.appointment.confirmed.v1',
  'frontdesk.event.withdrawn.v1',
] as const satisfies readonly EventType[]

const live = { ackWaitMs: 30_000, maxAckPending: 2_000 }
const bulk = { ackWaitMs: 60_000, maxAckPending: 500 }

/** A company service's two durables. */
function ofCompanies<Service extends DurableSpec['service']>(service: Service, types: readonly EventType[]) {
  return inBothLanes({ stream: 'COMPANY', name: service, service }, types.map(everyCompanySubject))
}

function inBothLanes<Service extends DurableSpec['service']>(
  { stream, name, service }: { stream: StreamSpec['name']; name: string; service: Service },
  subjects: readonly string[],
) {
  return [
    { stream, name, service, filterSubjects: subjects, ...live },
    { stream, name: `${name}-bulk`, service, filterSubjects: subjects.map(bulkSubject), ...bulk },
  ] as const satisfies readonly DurableSpec[]
}

/** The durables of our own services, always a live one and a bulk one. */
export const durables = [
  { stream: 'INGRESS', name: 'company-resolver', service: 'company-resolver', filterSubjects: ['ingress.>'], ...live },
  { stream: 'INGRESS', name: 'company-resolver-bulk', service: 'company-resolver', filterSubjects: ['bulk.ingress.>'], ...bulk },
  ...ofCompanies('booking', bookingEventTypes),
  ...ofCompanies('billing', billingEventTypes),
  ...inBothLanes(
    { stream: 'INGRESS', name: 'billing-meters', service: 'billing' },
    billingProviderEventTypes.map((type) => ingressSubject('stripe', type)),
  ),
  ...ofCompanies('messaging', messagingEventTypes),
] as const satisfies readonly DurableSpec[]
