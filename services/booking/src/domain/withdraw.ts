import { type Appointment, type AppointmentEvent, withdrawnReason } from './appointment.ts'

/** An event that turned out not to be the company's. */
export interface WithdrawnEvent {
  /** When it happened, as its own change counted it. */
  readonly occurredAt: Date
  /** Revisions from this one on are not withdrawn. */
  readonly beforeRevision: number
  readonly at: Date
}

/** What a withdrawal comes to: `nothing` where the event's work does not stand any more. */
export type WithdrawalOutcome =
  | { readonly kind: 'withdrawn'; readonly appointment: Appointment; readonly event: AppointmentEvent }
  | { readonly kind: 'flagged'; readonly appointment: Appointment }
  | { readonly kind: 'nothing' }

/**
 * Cancels what a withdrawn event made, if the appointment is still as that event left it. What somebody has changed since, or booked
 * himself, is flagged for a person, and taken from nobody.
 */
export function withdraw(current: Appointment | undefined, { occurredAt, beforeRevision, at }: WithdrawnEvent): WithdrawalOutcome {
  if (!current || current.state.status === 'cancelled') return { kind: 'nothing' }
  const { order, state } = current
  const asLeft = order.occurredAt.getTime() === occurredAt.getTime()
  // A later revision of it is the company's own again.
  if (asLeft && order.revision >= beforeRevision) return { kind: 'nothing' }
  if (!asLeft) return { kind: 'flagged', appointment: { ...current, flaggedAt: current.flaggedAt ?? at } }
  const endsAt = 'endsAt' in state ? state.endsAt : undefined
  const appointment: Appointment = {
    ...current,
    state: { status: 'cancelled', startsAt: state.startsAt, endsAt, reason: withdrawnReason },
    version: current.version + 1,
    order: { ...order, revision: beforeRevision },
    flaggedAt: undefined,
  }
  return { kind: 'withdrawn', appointment, event: { type: 'cancelled', appointment, reason: withdrawnReason } }
}
