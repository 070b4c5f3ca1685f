import type { CompanyId } from '@frontdesk/contracts'
import type { Database, Transaction } from '@frontdesk/database'
import { and, asc, eq, gt } from 'drizzle-orm'
import type { ConnectionStore, IdPage } from '../app/ports.ts'
import { requireInUse } from '../domain/connection.ts'
import type { DirectoryChange } from '../domain/directory-change.ts'
import { deactivate } from '../domain/lifespan.ts'
import { cutOff, notYetKnown, type Signal } from '../domain/signal.ts'
import { changeDirectory, nextSecretVersion } from './change-directory.ts'
import type { CompanyKeys } from './company-keys.ts'
import { sameSignals } from './insert-signal.ts'
import type { Journal } from './journal.ts'
import { secretPlace, toConnection, toSignal, toSignalRow } from './mapping.ts'
import { connections } from './schema/connections.ts'
import { signals } from './schema/signals.ts'

export interface ConnectionRepositoryDependencies {
  readonly database: Database
  readonly keys: CompanyKeys
  readonly journal: Journal
}

/** Makes the repository of one company's connections. */
export function createConnectionRepository(
  { database, keys, journal }: ConnectionRepositoryDependencies,
  companyId: CompanyId,
): ConnectionStore {
  const ownConnection = (connectionId: string) => and(eq(connections.companyId, companyId), eq(connections.connectionId, connectionId))

  async function endSignals(tx: Transaction, connectionId: string, at: Date): Promise<DirectoryChange[]> {
    const rows = await tx.orm
      .select()
      .from(signals)
      .where(and(eq(signals.companyId, companyId), eq(signals.connectionId, connectionId)))
    const changed = rows.map(toSignal).flatMap((before) => {
      const after = cutOff(before, at)
      return after === before ? [] : [{ kind: 'signal', before, after } as const]
    })
    for (const { after } of changed) {
      // A connection has a few, whose ends may differ.
      await tx.orm
        .update(signals)
        .set({ validUntil: after.validUntil ?? null })
        .where(and(eq(signals.companyId, companyId), eq(signals.signalId, after.id)))
    }
    return changed
  }

  return {
    async insert(connection, secret, derived, by) {
      const { id: connectionId, provider, secretVersion, createdAt } = connection
      return changeDirectory(database, async (tx) => {
        const { sealer } = await keys.hold(tx, companyId)
        const currentSecret = sealer.seal(secret, secretPlace('current_secret', connectionId))
        const secretCursor = await nextSecretVersion(tx)
        await tx.orm.insert(connections).values({
          companyId,
          connectionId,
          provider,
          currentSecret,
          secretVersion,
          secretCursor,
          createdAt: createdAt ?? null,
        })
        const same = await sameSignals(tx, companyId, derived)
        const added = derived.flatMap(
          (signal) =>
            notYetKnown(
              signal,
              same.filter((known) => isSameValue(known, signal)),
            ) ?? [],
        )
        await tx.orm.insert(signals).values(added.map((signal) => toSignalRow(companyId, signal)))
        await journal.record(tx, by, [
          { kind: 'connection', before: undefined, after: connection, version: secretCursor },
          ...added.map((after) => ({ kind: 'signal', before: undefined, after }) as const),
        ])
        return added
      })
    },

    async rotateSecret(connectionId, secret, previousUntil, by) {
      const own = ownConnection(connectionId)
      return changeDirectory(database, async (tx) => {
        const [row] = await tx.orm.select().from(connections).where(own)
        if (!row) return undefined
        const before = toConnection(row)
        requireInUse(before)
        const { sealer, opener } = await keys.hold(tx, companyId)
        const current = opener.open({ companyId, sealed: row.currentSecret }, secretPlace('current_secret', connectionId))
        const isSame = current === secret
        if (isSame && (previousUntil || !row.previousSecret)) return before
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
        const after = toConnection({ ...row, ...change })
        await journal.record(tx, by, [{ kind: 'connection', before, after, version: change.secretCursor }])
        return after
      })
    },

    async deactivate(connectionId, at, by) {
      const own = ownConnection(connectionId)
      return changeDirectory(database, async (tx) => {
        const [row] = await tx.orm.select().from(connections).where(own)
        if (!row) return undefined
        const before = toConnection(row)
        const after = deactivate(before, at)
        if (after === before) return before
        const secretCursor = await nextSecretVersion(tx)
        await tx.orm.update(connections).set({ deactivatedAt: at, secretCursor }).where(own)
        const ended = await endSignals(tx, connectionId, at)
        await journal.record(tx, by, [{ kind: 'connection', before, after, version: secretCursor }, ...ended])
        return after
      })
    },

    async find(connectionId) {
      const [row] = await database.orm.select().from(connections).where(ownConnection(connectionId))
      return row && toConnection(row)
    },

    async list(page) {
      const rows = await connectionsAfter(database.orm, companyId, page)
      return rows.map(toConnection)
    },
  }
}

function isSameValue(a: Signal, b: Signal): boolean {
  return a.kind === b.kind && a.value === b.value
}

export function connectionsAfter(orm: Database['orm'], companyId: CompanyId, { after, limit }: IdPage) {
  return orm
    .select()
    .from(connections)
    .where(and(eq(connections.companyId, companyId), gt(connections.connectionId, after)))
    .orderBy(asc(connections.connectionId))
    .limit(limit)
}
