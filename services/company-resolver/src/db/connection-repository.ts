import type { CompanyId } from '@frontdesk/contracts'
import type { Database, Transaction } from '@frontdesk/database'
import type { Vault } from '@frontdesk/vault'
import { and, eq } from 'drizzle-orm'
import type { ConnectionStore } from '../app/ports.ts'
import { changeDirectory, nextSecretVersion } from './change-directory.ts'
import { secretPlace, toConnection, toSignalRow } from './mapping.ts'
import { connections } from './schema/connections.ts'
import { signals } from './schema/signals.ts'

export interface ConnectionRepositoryDependencies {
  readonly database: Database
  readonly vault: Vault
  /** Tells of a change, in its own commit. */
  readonly tell: (
    tx: Transaction,
    change: { companyId: CompanyId; connectionId: string; provider: string; version: bigint },
  ) => Promise<void>
}

/** Makes the repository of one company's connections. */
export function createConnectionRepository(
  { database, vault, tell }: ConnectionRepositoryDependencies,
  companyId: CompanyId,
): ConnectionStore {
  return {
    async insert(connection, secret, signal) {
      const { id: connectionId, provider, secretVersion } = connection
      const currentSecret = vault.seal(secret, secretPlace('current_secret', companyId, connectionId))
      await changeDirectory(database, async (tx) => {
        const secretCursor = await nextSecretVersion(tx)
        await tx.orm.insert(connections).values({ companyId, connectionId, provider, currentSecret, secretVersion, secretCursor })
        await tx.orm.insert(signals).values({ ...toSignalRow(companyId, signal), connectionId })
        await tell(tx, { companyId, connectionId, provider, version: secretCursor })
      })
    },

    async rotateSecret(connectionId, secret, previousUntil) {
      const own = and(eq(connections.companyId, companyId), eq(connections.connectionId, connectionId))
      return changeDirectory(database, async (tx) => {
        const [row] = await tx.orm.select().from(connections).where(own)
        if (!row) return undefined
        const current = vault.open(row.currentSecret, secretPlace('current_secret', companyId, connectionId))
        const isSame = current === secret
        if (isSame && (previousUntil || !row.previousSecret)) return toConnection(row)
        const change = {
          ...(isSame
            ? {}
            : {
                currentSecret: vault.seal(secret, secretPlace('current_secret', companyId, connectionId)),
                secretVersion: row.secretVersion + 1,
              }),
          // A sealed value is bound to its column, so that it can't be just moved.
          previousSecret: previousUntil ? vault.seal(current, secretPlace('previous_secret', companyId, connectionId)) : null,
          previousUntil: previousUntil ?? null,
          secretCursor: await nextSecretVersion(tx),
        }
        await tx.orm.update(connections).set(change).where(own)
        await tell(tx, { companyId, connectionId, provider: row.provider, version: change.secretCursor })
        return toConnection({ ...row, ...change })
      })
    },
  }
}
