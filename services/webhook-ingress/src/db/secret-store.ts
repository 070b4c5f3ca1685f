import type { Database } from '@frontdesk/database'
import type { Logger } from '@frontdesk/telemetry'
import type { Vault } from '@frontdesk/vault'
import { sql } from 'drizzle-orm'
import type { ConnectionSecrets, SecretStore } from '../app/ports.ts'
import { connectionSecrets } from './schema/connection-secrets.ts'

type Row = typeof connectionSecrets.$inferSelect

/** Keeps connection secrets sealed in the ingress's database; a row never goes back to an older version. */
export function createSecretStore(database: Database, vault: Vault, logger: Logger): SecretStore {
  return {
    async all() {
      const rows = await database.orm.select().from(connectionSecrets)
      return rows.flatMap((row) => {
        try {
          return [toConnection(vault, row)]
        } catch (error) {
          // It is only a copy: the directory has the original, and the other connections must not wait for this one.
          logger.error({ err: error, connectionId: row.connectionId }, 'a sealed secret can’t be opened: is its key missing in VAULT_KEYS?')
          return []
        }
      })
    },

    async save(connections) {
      if (connections.length === 0) return
      const newer = (column: string) => sql.raw(`if(values(version) > version, values(${column}), ${column})`)
      await database.orm
        .insert(connectionSecrets)
        .values(connections.map((connection) => toRow(vault, connection)))
        // MySQL assigns from left to right, so the version that the others compare with has to come last.
        .onDuplicateKeyUpdate({
          set: {
            sealedCurrent: newer('sealed_current'),
            sealedPrevious: newer('sealed_previous'),
            previousUntil: newer('previous_until'),
            version: newer('version'),
          },
        })
    },
  }
}

function toRow(vault: Vault, { connectionId, provider, secrets, previousUntil, version }: ConnectionSecrets): Row {
  const [current = '', previous] = secrets
  return {
    connectionId,
    provider,
    sealedCurrent: vault.seal(current, place(connectionId, 'sealed_current')),
    sealedPrevious: previous === undefined ? null : vault.seal(previous, place(connectionId, 'sealed_previous')),
    previousUntil: previousUntil ?? null,
    version,
  }
}

function toConnection(vault: Vault, row: Row): ConnectionSecrets {
  const current = vault.open(row.sealedCurrent, place(row.connectionId, 'sealed_current'))
  const previous = row.sealedPrevious && vault.open(row.sealedPrevious, place(row.connectionId, 'sealed_previous'))
  // A deactivated one was kept without a secret: the empty text would be one that everybody knows.
  const secrets = current === '' ? [] : previous === null ? [current] : [current, previous]
  return {
    connectionId: row.connectionId,
    provider: row.provider,
    secrets,
    previousUntil: row.previousUntil ?? undefined,
    version: row.version,
  }
}

function place(row: string, column: string): { table: string; column: string; row: string } {
  return { table: 'connection_secrets', column, row }
}
