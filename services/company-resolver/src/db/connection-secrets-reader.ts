import { acrossCompanies, type Database } from '@frontdesk/database'
import type { Vault } from '@frontdesk/vault'
import { asc, eq, gt } from 'drizzle-orm'
import type { ConnectionSecrets, ConnectionSecretsReader } from '../app/ports.ts'
import { secretPlace } from './mapping.ts'
import { connections } from './schema/connections.ts'

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
      const rows = await acrossCompanies('the ingress verifies deliveries of every company', async () =>
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
      const [row] = await acrossCompanies('the ingress knows a connection by its id alone', async () =>
        database.orm.select().from(connections).where(eq(connections.connectionId, connectionId)),
      )
      return row && opened(row)
    },
  }
}
