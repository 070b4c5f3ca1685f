import type { CompanyId } from '@frontdesk/contracts'
import type { Author } from '../domain/directory-change.ts'
import { endByHand, type Signal } from '../domain/signal.ts'
import { notFound } from './find-company.ts'
import type { SignalStore, Sources } from './ports.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly signalsOf: (companyId: CompanyId) => SignalStore
}

/** Ends a signal's validity, now when no time is given; its past stays as it was. */
export function endSignal({ signalsOf, now }: Dependencies) {
  return async (companyId: CompanyId, command: { signalId: string; validUntil: Date | undefined }, by: Author): Promise<Signal> => {
    const validUntil = command.validUntil ?? now()
    return (await signalsOf(companyId).change(command.signalId, (signal) => endByHand(signal, validUntil), by)) ?? notFound('signal')
  }
}
