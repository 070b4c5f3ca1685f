import type { CompanyId, DirectoryServiceImplementation } from '@frontdesk/contracts'
import { pageSizeOf, requireAllCompanies, requireCompany } from '@frontdesk/rpc'
import type { addSignal } from '../app/add-signal.ts'
import type { deactivateCompany, reactivateCompany, updateCompany } from '../app/change-company.ts'
import type { createCompany } from '../app/create-company.ts'
import type { createConnection } from '../app/create-connection.ts'
import type { deactivateConnection } from '../app/deactivate-connection.ts'
import type { endSignal } from '../app/end-signal.ts'
import { findCompany, notFound } from '../app/find-company.ts'
import type { CompanyStore, ConnectionSecretsReader, ConnectionStore, SignalStore } from '../app/ports.ts'
import type { rotateConnectionSecret } from '../app/rotate-connection-secret.ts'
import type { Signal, SignalKind } from '../domain/signal.ts'
import { authorOf, platformRequest } from './author.ts'
import {
  fromAccountMessages,
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
  readonly connectionsOf: (companyId: CompanyId) => ConnectionStore
  readonly signalsOf: (companyId: CompanyId) => SignalStore
  /** Whether nobody outside can choose values of that kind. */
  readonly isTrusted: (kind: SignalKind) => boolean
  readonly connectionSecrets: ConnectionSecretsReader
  readonly createCompany: ReturnType<typeof createCompany>
  readonly updateCompany: ReturnType<typeof updateCompany>
  readonly deactivateCompany: ReturnType<typeof deactivateCompany>
  readonly reactivateCompany: ReturnType<typeof reactivateCompany>
  readonly createConnection: ReturnType<typeof createConnection>
  readonly rotateConnectionSecret: ReturnType<typeof rotateConnectionSecret>
  readonly deactivateConnection: ReturnType<typeof deactivateConnection>
  readonly addSignal: ReturnType<typeof addSignal>
  readonly endSignal: ReturnType<typeof endSignal>
}

/** Secrets leave the service for the process that verifies with them, and for no person. */
const secretReaders = ['webhook-ingress']
const connectionSignalsMax = 200

/** `frontdesk.directory.v1.DirectoryService`. */
export function createDirectoryService(deps: DirectoryServiceDependencies): DirectoryServiceImplementation {
  const toSignal = (signal: Signal) => toSignalMessage(signal, deps.isTrusted(signal.kind))

  return {
    async createCompany({ name, timeZone }, context) {
      requireAllCompanies(context)
      return { company: toCompanyMessage(await deps.createCompany({ name, timeZone }, authorOf(context))) }
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

    async updateCompany({ name, timeZone, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      return { company: toCompanyMessage(await deps.updateCompany(companyId, { name, timeZone }, by)) }
    },

    async deactivateCompany(request, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      return { company: toCompanyMessage(await deps.deactivateCompany(companyId, by)) }
    },

    async reactivateCompany(request, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      return { company: toCompanyMessage(await deps.reactivateCompany(companyId, by)) }
    },

    async createConnection({ provider, secret, account, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const command = { provider, secret, account: fromAccountMessages(account) }
      const { connection, signals } = await deps.createConnection(companyId, command, by)
      return { connection: toConnectionMessage(connection), signals: signals.map(toSignal) }
    },

    async getConnection(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const connectionId = fromIdText('connection_id', 'con', request.connectionId)
      const connection = (await deps.connectionsOf(companyId).find(connectionId)) ?? notFound('connection')
      const signals = await deps.signalsOf(companyId).ofConnection(connectionId, connectionSignalsMax)
      return { connection: toConnectionMessage(connection), signals: signals.map(toSignal) }
    },

    async listConnections({ pageSize, pageToken, ...request }, context) {
      const companyId = requireCompany(context, request.companyId)
      const limit = pageSizeOf(pageSize)
      const connections = await deps.connectionsOf(companyId).list({ after: fromIdToken('con', pageToken), limit })
      return { connections: connections.map(toConnectionMessage), nextPageToken: nextPageToken(connections, limit, ({ id }) => id) }
    },

    async deactivateConnection(request, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const connectionId = fromIdText('connection_id', 'con', request.connectionId)
      return { connection: toConnectionMessage(await deps.deactivateConnection(companyId, connectionId, by)) }
    },

    async rotateConnectionSecret({ secret, revokePrevious, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const connectionId = fromIdText('connection_id', 'con', request.connectionId)
      const connection = await deps.rotateConnectionSecret(companyId, { connectionId, secret, revokePrevious }, by)
      return { connection: toConnectionMessage(connection) }
    },

    async addSignal({ kind, value, validFrom, validUntil, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const command = {
        kind: fromSignalKindMessage(kind),
        value,
        validFrom: fromInstantMessage('valid_from', validFrom),
        validUntil: fromInstantMessage('valid_until', validUntil),
      }
      return { signal: toSignal(await deps.addSignal(companyId, command, by)) }
    },

    async endSignal({ validUntil, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const signalId = fromIdText('signal_id', 'sig', request.signalId)
      const command = { signalId, validUntil: fromInstantMessage('valid_until', validUntil) }
      return { signal: toSignal(await deps.endSignal(companyId, command, by)) }
    },

    async listSignals({ pageSize, pageToken, ...request }, context) {
      const companyId = requireCompany(context, request.companyId)
      const limit = pageSizeOf(pageSize)
      const signals = await deps.signalsOf(companyId).list({ after: fromIdToken('sig', pageToken), limit })
      return { signals: signals.map(toSignal), nextPageToken: nextPageToken(signals, limit, ({ id }) => id) }
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
