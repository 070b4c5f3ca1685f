import type { CompanyId } from '@frontdesk/contracts'
import { checkAccount, checkSecret, type Connection, newConnection } from '../domain/connection.ts'
import type { Author } from '../domain/directory-change.ts'
import { newSignal, type Signal, type SignalKind } from '../domain/signal.ts'
import { findActiveCompany } from './find-company.ts'
import type { CompanyStore, ConnectionStore, Sources } from './ports.ts'

interface Dependencies extends Sources {
  readonly companies: CompanyStore
  readonly connectionsOf: (companyId: CompanyId) => ConnectionStore
}

interface Command {
  readonly provider: string
  readonly secret: string
  /** What is known of the account. */
  readonly account: readonly { readonly kind: SignalKind; readonly value: string }[]
}

/** Connects a company's own account with a provider; the connection is a signal from the beginning of time, and so is what is known of the account. */
export function createConnection({ companies, connectionsOf, now, newId }: Dependencies) {
  return async (companyId: CompanyId, command: Command, by: Author): Promise<{ connection: Connection; signals: Signal[] }> => {
    const { provider } = command
    const connection = newConnection({ id: newId('con'), companyId, provider, createdAt: now() })
    const secret = checkSecret(command.secret)
    const signalOf = (kind: SignalKind, value: string): Signal =>
      newSignal({
        id: newId('sig'),
        companyId,
        kind,
        value,
        validFrom: undefined,
        validUntil: undefined,
        origin: { connectionId: connection.id },
      })
    const account = checkAccount(provider, command.account).map(({ kind, value }) => signalOf(kind, value))
    const each = new Map(account.map((signal) => [`${signal.kind}:${signal.value}`, signal]))
    await findActiveCompany(companies, companyId)
    const signals = await connectionsOf(companyId).insert(connection, secret, [signalOf('connection', connection.id), ...each.values()], by)
    return { connection, signals }
  }
}
