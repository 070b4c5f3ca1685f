import type { Database } from '@frontdesk/database'
import type { Logger } from '@frontdesk/telemetry'
import { SecretTexts, type Vault } from '@frontdesk/vault'
import { sql } from 'drizzle-orm'
import type { ConnectionSecrets, SecretStore } from '../app/ports.ts'
import { connectionSecrets } from './schema/connection-secrets.ts'

type Row = typeof connectionSecrets.$inferSelect

export interface SealedSecretStore extends SecretStore {
  /** Seals again what another key than the ring's first has sealed; those keys can go once every replica has that ring. */
  sealAnew(): Promise<void>
}

/** Keeps connection secrets sealed in the ingress's database; a row never goes back to an older version. */
export function createSecretStore(database: Database, vault: Vault, logger: Logger): SealedSecretStore {
  function openAll(rows: readonly Row[]): ConnectionSecrets[] {
    return rows.flatMap((row) => {
      try {
        return [toConnection(vault, row)]
      } catch (error) {
        // It is only a copy: the directory has the original, and the other connections must not wait for this one.
        logger.error({ err: error, connectionId: row.connectionId }, 'a sealed secret can’t be opened: is its key missing in VAULT_KEYS?')
        return []
      }
    })
  }

  return {
    all: async () => openAll(await database.orm.select().from(connectionSecrets)),

    async sealAnew() {
      const rows = await database.orm.select().from(connectionSecrets)
      const stale = rows.filter((row) => [row.sealedCurrent, row.sealedPrevious].some((sealed) => sealed && !vault.isCurrent(sealed)))
      const anew = openAll(stale).map((connection) => toRow(vault, connection))
      if (anew.length === 0) return
      // Another replica may have learnt of a newer version since.
      const same = (column: string) => sql.raw(`if(values(version) = version, values(${column}), ${column})`)
      await database.orm
        .insert(connectionSecrets)
        .values(anew)
        .onDuplicateKeyUpdate({ set: { sealedCurrent: same('sealed_current'), sealedPrevious: same('sealed_previous') } })
      logger.info({ connections: anew.length }, 'secrets were sealed again under the first key of the ring')
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
    secrets: SecretTexts.holding(...secrets),
    previousUntil: row.previousUntil ?? undefined,
    version: row.version,
  }
}

function place(row: string, column: string): { table: string; column: string; row: string } {
  return { table: 'connection_secrets', column, row }
}
