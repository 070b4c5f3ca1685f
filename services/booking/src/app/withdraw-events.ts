import { withdraw, type WithdrawalOutcome, type WithdrawnEvent } from '../domain/withdraw.ts'
import type { AppointmentReference, Book } from './ports.ts'

/** A withdrawn event, by the name of the appointment that it could have made. */
export interface Withdrawal extends WithdrawnEvent {
  readonly reference: AppointmentReference
}

const keyOf = ({ kind, value }: AppointmentReference) => `${kind} ${value}`

/** Takes back what withdrawn events made in one company's book, with one read and one write for all; one outcome for each. */
export function withdrawEvents(book: Book): (withdrawals: readonly Withdrawal[]) => Promise<WithdrawalOutcome[]> {
  return async (withdrawals) => {
    const page = await book.open(
      withdrawals.map(({ reference }) => reference),
      [],
    )
    const ids = new Map(page.references.map(({ reference, appointmentId }) => [keyOf(reference), appointmentId]))
    const appointments = new Map(page.appointments.map((appointment) => [appointment.id, appointment]))
    const changed = new Set<string>()
    const outcomes = withdrawals.map(({ reference, ...event }) => {
      const outcome = withdraw(appointments.get(ids.get(keyOf(reference)) ?? ''), event)
      if (outcome.kind !== 'nothing') {
        appointments.set(outcome.appointment.id, outcome.appointment)
        changed.add(outcome.appointment.id)
      }
      return outcome
    })
    const unchanged = { absorbed: [], references: [], customers: [], newIdentities: [] }
    await book.save({ appointments: [...changed].flatMap((id) => appointments.get(id) ?? []), ...unchanged })
    return outcomes
  }
}
