import type { CompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, asc, desc, eq, gt } from 'drizzle-orm'
import type { IdPage, SignalStore } from '../app/ports.ts'
import { changeDirectory } from './change-directory.ts'
import { insertSignal } from './insert-signal.ts'
import type { Journal } from './journal.ts'
import { toSignal } from './mapping.ts'
import { signals } from './schema/signals.ts'

/** Makes the repository of one company's signals. */
export function createSignalRepository(database: Database, journal: Journal, companyId: CompanyId): SignalStore {
  const ofCompany = eq(signals.companyId, companyId)
  return {
    async insert(signal, by) {
      await changeDirectory(database, async (tx) => {
        await insertSignal(tx, signal)
        await journal.record(tx, by, [{ kind: 'signal', before: undefined, after: signal }])
      })
    },

    async change(signalId, change, by) {
      const own = and(ofCompany, eq(signals.signalId, signalId))
      return changeDirectory(database, async (tx) => {
        const [row] = await tx.orm.select().from(signals).where(own)
        if (!row) return undefined
        const before = toSignal(row)
        const after = change(before)
        if (after === before) return before
        const { validFrom, validUntil } = after
        await tx.orm
          .update(signals)
          .set({ validFrom: validFrom ?? null, validUntil: validUntil ?? null })
          .where(own)
        await journal.record(tx, by, [{ kind: 'signal', before, after }])
        return after
      })
    },

    async list(page) {
      const rows = await signalsAfter(database.orm, companyId, page)
      return rows.map(toSignal)
    },

    async ofConnection(connectionId, limit) {
      const rows = await signalsOfConnection(database.orm, companyId, { connectionId, limit })
      return rows.map(toSignal)
    },
  }
}

export function signalsOfConnection(
  orm: Pick<Database['orm'], 'select'>,
  companyId: CompanyId,
  { connectionId, limit }: { connectionId: string; limit: number },
) {
  return orm
    .select()
    .from(signals)
    .where(and(eq(signals.companyId, companyId), eq(signals.connectionId, connectionId)))
    .orderBy(desc(signals.signalId))
    .limit(limit)
}

export function signalsAfter(orm: Database['orm'], companyId: CompanyId, { after, limit }: IdPage) {
  return orm
    .select()
    .from(signals)
    .where(and(eq(signals.companyId, companyId), gt(signals.signalId, after)))
    .orderBy(asc(signals.signalId))
    .limit(limit)
}
