import type { CompanyId } from '@frontdesk/contracts'
import type { Database, Transaction } from '@frontdesk/database'
import { and, eq } from 'drizzle-orm'
import type { ConnectionStore } from '../app/ports.ts'
import { changeDirectory, nextSecretVersion } from './change-directory.ts'
import type { CompanyKeys } from './company-keys.ts'
import { secretPlace, toConnection, toSignalRow } from './mapping.ts'
import { connections } from './schema/connections.ts'
import { signals } from './schema/signals.ts'

export interface ConnectionRepositoryDependencies {
  readonly database: Database
  readonly keys: CompanyKeys
  /** Tells of a change, in its own commit. */
  readonly tell: (
    tx: Transaction,
    change: { companyId: CompanyId; connectionId: string; provider: string; version: bigint },
  ) => Promise<void>
}

/** Makes the repository of one company's connections. */
export function createConnectionRepository(
  { database, keys, tell }: ConnectionRepositoryDependencies,
  companyId: CompanyId,
): ConnectionStore {
  return {
    async insert(connection, secret, signal) {
      const { id: connectionId, provider, secretVersion } = connection
      await changeDirectory(database, async (tx) => {
        const { sealer } = await keys.hold(tx, companyId)
        const currentSecret = sealer.seal(secret, secretPlace('current_secret', connectionId))
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
        const { sealer, opener } = await keys.hold(tx, companyId)
        const current = opener.open({ companyId, sealed: row.currentSecret }, secretPlace('current_secret', connectionId))
        const isSame = current === secret
        if (isSame && (previousUntil || !row.previousSecret)) return toConnection(row)
        const change = {
          ...(isSame
            ? {}
            : {
                currentSecret: sealer.seal(secret, secretPlace('current_secret', connectionId)),
                secretVersion: row.secretVersion + 1,
              }),
          // A sealed value is bound to its column, so that it can't be just moved.
          previousSecret: previousUntil ? sealer.seal(current, secretPlace('previous_secret', connectionId)) : null,
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
