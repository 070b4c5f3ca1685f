import { type ChangeOrder, compareOrder } from './change-order.ts'

/** Why an appointment was cancelled whose event is not the company's. */
export const withdrawnReason = 'made from an event that was not this company’s'

export type AppointmentState =
  | { readonly status: 'requested'; readonly startsAt: Date | undefined; readonly preferredStartText: string }
  | { readonly status: 'confirmed'; readonly startsAt: Date; readonly endsAt: Date }
  | { readonly status: 'cancelled'; readonly startsAt: Date | undefined; readonly endsAt: Date | undefined; readonly reason: string }

/** What an appointment was made from. */
export type Origin = 'call' | 'calendar_booking'

/** One appointment; its state is that of the latest change by order, not of the last one to arrive. */
export interface Appointment {
  /** TypeID, `apt_…`. */
  readonly id: string
  readonly customerId: string | undefined
  readonly origin: Origin
  /** The call's id, or the booking's current uid. */
  readonly originId: string
  readonly title: string
  readonly state: AppointmentState
  /** 1 at first; rises by one with each change that shows. */
  readonly version: number
  /** The change that the state comes from. */
  readonly order: ChangeOrder
  /** Since when a person has to look at it: an event that it was made from was withdrawn, and it is not as that event left it. */
  readonly flaggedAt?: Date | undefined
}

/** What a change makes of an appointment, if it is the latest. */
export interface AppointmentChange {
  readonly origin: Origin
  readonly originId: string
  readonly title: string
  readonly state: AppointmentState
  readonly order: ChangeOrder
}

/** Something that happened to an appointment, as other services are told. */
export type AppointmentEvent =
  | { readonly type: 'requested'; readonly appointment: Appointment; readonly preferredStartText: string }
  | { readonly type: 'confirmed'; readonly appointment: Appointment }
  | { readonly type: 'rescheduled'; readonly appointment: Appointment; readonly previousStartsAt: Date; readonly previousEndsAt: Date }
  | { readonly type: 'cancelled'; readonly appointment: Appointment; readonly reason: string }

export interface Decision {
  readonly appointment: Appointment
  /** Undefined when nothing changed that anybody could see. */
  readonly event: AppointmentEvent | undefined
}

/** Makes the appointment of a change that is the first to arrive. */
export function openAppointment(id: string, customerId: string | undefined, change: AppointmentChange): Decision {
  const appointment: Appointment = { id, customerId, version: 1, ...change }
  return { appointment, event: eventOf(undefined, appointment) }
}

/**
 * Applies a change unless a later one was applied already, so that every order of arrival ends in the same state.
 * An earlier one can still tell who the customer is, where the later ones did not.
 */
export function changeAppointment(current: Appointment, customerId: string | undefined, change: AppointmentChange): Decision {
  if ((settles(change) - settles(current) || compareOrder(change.order, current.order)) <= 0) {
    const known = current.customerId ?? customerId
    return { appointment: known === current.customerId ? current : { ...current, customerId: known }, event: undefined }
  }
  const changed: Appointment = { ...current, ...change, customerId: customerId ?? current.customerId, version: current.version + 1 }
  const event = eventOf(current, changed)
  return event ? { appointment: changed, event } : { appointment: { ...changed, version: current.version }, event }
}

/**
 * Two appointments turned out to be one: the one with the later change stays.
 * The other one's cancellation tells those who were told of it.
 */
export function mergeAppointments(a: Appointment, b: Appointment): { kept: Appointment; absorbed: Appointment; event: AppointmentEvent } {
  const [absorbed, later] = compareOrder(a.order, b.order) < 0 ? [a, b] : [b, a]
  const kept: Appointment = { ...later, customerId: later.customerId ?? absorbed.customerId }
  const { startsAt } = absorbed.state
  const endsAt = 'endsAt' in absorbed.state ? absorbed.state.endsAt : undefined
  const reason = `merged into ${kept.id}`
  const cancelled: Appointment = { ...absorbed, state: { status: 'cancelled', startsAt, endsAt, reason }, version: absorbed.version + 1 }
  return { kept, absorbed, event: { type: 'cancelled', appointment: cancelled, reason } }
}

/** A wish never undoes what was agreed or cancelled, whichever of them is told of first: a call's analysis repeats what the call booked. */
function settles({ state }: { readonly state: AppointmentState }): number {
  // A call that was taken back settles nothing, should it turn out to be the company's after all.
  return state.status === 'requested' || (state.status === 'cancelled' && state.reason === withdrawnReason) ? 0 : 1
}

/** What the change means to those outside; undefined when they would see no difference. */
function eventOf(before: Appointment | undefined, after: Appointment): AppointmentEvent | undefined {
  const { state } = after
  if (before && shown(before.state) === shown(state)) return undefined
  switch (state.status) {
    case 'requested':
      return { type: 'requested', appointment: after, preferredStartText: state.preferredStartText }
    case 'cancelled':
      return { type: 'cancelled', appointment: after, reason: state.reason }
    case 'confirmed': {
      if (before?.state.status !== 'confirmed') return { type: 'confirmed', appointment: after }
      const { startsAt, endsAt } = before.state
      return { type: 'rescheduled', appointment: after, previousStartsAt: startsAt, previousEndsAt: endsAt }
    }
    default:
      return state satisfies never
  }
}

/** All that can be seen of a state, as one text. */
function shown(state: AppointmentState): string {
  const endsAt = 'endsAt' in state ? state.endsAt : undefined
  const text = state.status === 'requested' ? state.preferredStartText : state.status === 'cancelled' ? state.reason : ''
  return [state.status, state.startsAt?.getTime(), endsAt?.getTime(), text].join(' ')
}
