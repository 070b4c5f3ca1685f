import { invalidArgument } from '@frontdesk/errors'
import type { CompanyId } from '@frontdesk/contracts'
import type { Author } from '../domain/directory-change.ts'
import { newSignal, type Signal } from '../domain/signal.ts'
import { findActiveCompany } from './find-company.ts'
import type { CompanyStore, SignalStore, Sources } from './ports.ts'

interface Dependencies extends Pick<Sources, 'newId'> {
  readonly companies: CompanyStore
  readonly signalsOf: (companyId: CompanyId) => SignalStore
}

/** Adds something that a company is recognised by. Another company may have the same: shared numbers exist. */
export function addSignal({ companies, signalsOf, newId }: Dependencies) {
  return async (companyId: CompanyId, command: Omit<Signal, 'id' | 'companyId' | 'origin'>, by: Author): Promise<Signal> => {
    if (command.kind === 'connection') throw invalidArgument('kind: a connection’s signal is made with the connection')
    const signal = newSignal({ ...command, id: newId('sig'), companyId })
    await findActiveCompany(companies, companyId)
    await signalsOf(companyId).insert(signal, by)
    return signal
  }
}
