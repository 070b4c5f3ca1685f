import { type ConnectionSecrets as ConnectionSecretsMessage, type DirectoryServiceClient } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { SecretTexts } from '@frontdesk/vault'
import type { ConnectionSecrets, Directory } from '../app/ports.ts'

/** The directory over gRPC. */
export function createDirectory(client: Pick<DirectoryServiceClient, 'listConnectionSecrets' | 'getConnectionSecrets'>): Directory {
  return {
    async changedSince(version, limit) {
      const { connections, nextAfterVersion, hasMore } = await client.listConnectionSecrets({ afterVersion: version, pageSize: limit })
      return { connections: connections.map(toConnection), nextVersion: nextAfterVersion, hasMore }
    },

    async find(connectionId) {
      try {
        const { connection } = await client.getConnectionSecrets({ connectionId })
        return connection && toConnection(connection)
      } catch (error) {
        if (isFrontdeskError(error, 'not_found')) return undefined
        throw error
      }
    },
  }
}

function toConnection(message: ConnectionSecretsMessage): ConnectionSecrets {
  const { connectionId, provider, currentSecret, previousSecret, previousUntil, version, deactivatedAt } = message
  if (deactivatedAt) return { connectionId, provider, version, previousUntil: undefined, secrets: [] }
  return {
    connectionId,
    provider,
    version,
    previousUntil,
    secrets: previousSecret === '' ? SecretTexts.holding(currentSecret) : SecretTexts.holding(currentSecret, previousSecret),
  }
}
