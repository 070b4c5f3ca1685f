import type { CompanyId, DirectoryServiceImplementation } from '@frontdesk/contracts'
import { pageSizeOf, requireAllCompanies, requireCompany } from '@frontdesk/rpc'
import type { addSignal } from '../app/add-signal.ts'
import type { createCompany } from '../app/create-company.ts'
import type { createConnection } from '../app/create-connection.ts'
import type { deactivateCompany } from '../app/deactivate-company.ts'
import type { endSignal } from '../app/end-signal.ts'
import { findCompany, notFound } from '../app/find-company.ts'
import type { CompanyStore, ConnectionSecretsReader, SignalStore } from '../app/ports.ts'
import type { rotateConnectionSecret } from '../app/rotate-connection-secret.ts'
import {
  fromIdText,
  fromIdToken,
  fromInstantMessage,
  fromSecretsPageSize,
  fromSignalKindMessage,
  nextPageToken,
  toCompanyMessage,
  toConnectionMessage,
  toConnectionSecretsMessage,
  toSignalMessage,
} from './convert.ts'

export interface DirectoryServiceDependencies {
  readonly companies: CompanyStore
  readonly signalsOf: (companyId: CompanyId) => SignalStore
  readonly connectionSecrets: ConnectionSecretsReader
  readonly createCompany: ReturnType<typeof createCompany>
  readonly deactivateCompany: ReturnType<typeof deactivateCompany>
  readonly createConnection: ReturnType<typeof createConnection>
  readonly rotateConnectionSecret: ReturnType<typeof rotateConnectionSecret>
  readonly addSignal: ReturnType<typeof addSignal>
  readonly endSignal: ReturnType<typeof endSignal>
}

/** Secrets leave the service for the process that verifies with them, and for no person. */
const secretReaders = ['webhook-ingress']

/** `frontdesk.directory.v1.DirectoryService`. */
export function createDirectoryService(deps: DirectoryServiceDependencies): DirectoryServiceImplementation {
  /** The company of a request that only the platform may make. */
  function platformRequest(context: object, companyId: string): CompanyId {
    requireAllCompanies(context)
    return requireCompany(context, companyId)
  }

  return {
    async createCompany({ name, timeZone }, context) {
      requireAllCompanies(context)
      return { company: toCompanyMessage(await deps.createCompany({ name, timeZone })) }
    },

    async getCompany(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return { company: toCompanyMessage(await findCompany(deps.companies, companyId)) }
    },

    async listCompanies({ pageSize, pageToken }, context) {
      requireAllCompanies(context)
      const limit = pageSizeOf(pageSize)
      const companies = await deps.companies.list({ after: fromIdToken('cmp', pageToken), limit })
      return { companies: companies.map(toCompanyMessage), nextPageToken: nextPageToken(companies, limit, ({ id }) => id) }
    },

    async deactivateCompany(request, context) {
      const companyId = platformRequest(context, request.companyId)
      return { company: toCompanyMessage(await deps.deactivateCompany(companyId)) }
    },

    async createConnection({ provider, secret, ...request }, context) {
      const companyId = platformRequest(context, request.companyId)
      return { connection: toConnectionMessage(await deps.createConnection(companyId, { provider, secret })) }
    },

    async rotateConnectionSecret({ secret, revokePrevious, ...request }, context) {
      const companyId = platformRequest(context, request.companyId)
      const connectionId = fromIdText('connection_id', 'con', request.connectionId)
      const connection = await deps.rotateConnectionSecret(companyId, { connectionId, secret, revokePrevious })
      return { connection: toConnectionMessage(connection) }
    },

    async addSignal({ kind, value, validFrom, validUntil, ...request }, context) {
      const companyId = platformRequest(context, request.companyId)
      const signal = await deps.addSignal(companyId, {
        kind: fromSignalKindMessage(kind),
        value,
        validFrom: fromInstantMessage('valid_from', validFrom),
        validUntil: fromInstantMessage('valid_until', validUntil),
      })
      return { signal: toSignalMessage(signal) }
    },

    async endSignal({ validUntil, ...request }, context) {
      const companyId = platformRequest(context, request.companyId)
      const signalId = fromIdText('signal_id', 'sig', request.signalId)
      return {
        signal: toSignalMessage(await deps.endSignal(companyId, { signalId, validUntil: fromInstantMessage('valid_until', validUntil) })),
      }
    },

    async listSignals({ pageSize, pageToken, ...request }, context) {
      const companyId = requireCompany(context, request.companyId)
      const limit = pageSizeOf(pageSize)
      const signals = await deps.signalsOf(companyId).list({ after: fromIdToken('sig', pageToken), limit })
      return { signals: signals.map(toSignalMessage), nextPageToken: nextPageToken(signals, limit, ({ id }) => id) }
    },

    async listConnectionSecrets({ afterVersion, pageSize }, context) {
      requireAllCompanies(context, secretReaders)
      const page = await deps.connectionSecrets.list({ afterVersion, limit: fromSecretsPageSize(pageSize) })
      return { ...page, connections: page.connections.map(toConnectionSecretsMessage) }
    },

    async getConnectionSecrets(request, context) {
      requireAllCompanies(context, secretReaders)
      const connection = await deps.connectionSecrets.find(fromIdText('connection_id', 'con', request.connectionId))
      return { connection: toConnectionSecretsMessage(connection ?? notFound('connection')) }
    },
  }
}
