import type { CompanyId } from '@frontdesk/contracts'
import type { Attribution, Knowledge, ProviderEvent } from '../domain/attribute.ts'
import type { Company } from '../domain/company.ts'
import type { Connection } from '../domain/connection.ts'
import type { Signal } from '../domain/signal.ts'

/** The companies themselves. Every change raises the directory's version in its own commit. */
export interface CompanyStore {
  /** Keeps the company with its own signal, in one commit. */
  insert(company: Company, signal: Signal): Promise<void>
  find(companyId: CompanyId): Promise<Company | undefined>
  /** Ends its service; a company that has ended keeps its first end. */
  deactivate(companyId: CompanyId, at: Date): Promise<Company | undefined>
}

/** One company's connections. */
export interface ConnectionStore {
  /** Keeps the connection with its secret and its own signal, in one commit. */
  insert(connection: Connection, secret: string, signal: Signal): Promise<void>
  /** Makes the secret the current one and the current one the previous; without effect if it is the current one already. */
  rotateSecret(connectionId: string, secret: string): Promise<Connection | undefined>
}

/** One company's signals. */
export interface SignalStore {
  /** @throws FrontdeskError already_exists if the company has the value already at some time of the new one's validity. */
  insert(signal: Signal): Promise<void>
  /** Replaces the signal by what `change` makes of it, in one transaction. */
  update(signalId: string, change: (signal: Signal) => Signal): Promise<Signal | undefined>
}

/** What attribution reads and writes, inside one transaction. */
export interface AttributionLedger {
  /** What the directory says of the evidence of all these events, and where their entities' first events went. */
  lookUp(events: readonly ProviderEvent[]): Promise<{ known: Knowledge; entities: ReadonlyMap<string, string> }>
  record(attributions: readonly Attribution[]): Promise<void>
}

/** Where time and new ids come from. */
export interface Sources {
  readonly now: () => Date
  readonly newId: (prefix: 'con' | 'sig') => string
}
