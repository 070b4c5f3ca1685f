import { acrossCompanies, type Database } from '@frontdesk/database'
import type { Vault } from '@frontdesk/vault'
import { asc, eq, gt } from 'drizzle-orm'
import { secretPlace } from './mapping.ts'
import { connections } from './schema/connections.ts'

/** The secrets that verify a connection's deliveries; `version` rises across all connections. */
export interface ConnectionSecrets {
  readonly connectionId: string
  readonly provider: string
  readonly currentSecret: string
  readonly previousSecret: string | undefined
  readonly version: bigint
}

/** What the ingress learns of connections, which it knows before their companies. */
export interface ConnectionSecretsReader {
  /** By version, rising; those after `afterVersion`. */
  list(page: { afterVersion: bigint; limit: number }): Promise<ConnectionSecrets[]>
  find(connectionId: string): Promise<ConnectionSecrets | undefined>
}

/** Makes the reader over all companies. */
export function createConnectionSecretsReader(database: Database, vault: Vault): ConnectionSecretsReader {
  function opened(row: typeof connections.$inferSelect): ConnectionSecrets {
    const { companyId, connectionId, provider, secretCursor } = row
    return {
      connectionId,
      provider,
      currentSecret: vault.open(row.currentSecret, secretPlace('current_secret', companyId, connectionId)),
      previousSecret: row.previousSecret
        ? vault.open(row.previousSecret, secretPlace('previous_secret', companyId, connectionId))
        : undefined,
      version: secretCursor,
    }
  }

  return {
    async list({ afterVersion, limit }) {
      const rows = await acrossCompanies('the ingress verifies deliveries of every company', () =>
        database.orm
          .select()
          .from(connections)
          .where(gt(connections.secretCursor, afterVersion))
          .orderBy(asc(connections.secretCursor))
          .limit(limit),
      )
      return rows.map(opened)
    },

    async find(connectionId) {
      const [row] = await acrossCompanies('the ingress knows a connection by its id alone', () =>
        database.orm.select().from(connections).where(eq(connections.connectionId, connectionId)),
      )
      return row && opened(row)
    },
  }
}
