import type { CompanyId } from '@frontdesk/contracts'
import type { Database, Transaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, asc, eq, gt } from 'drizzle-orm'
import type { IdPage, SignalStore } from '../app/ports.ts'
import { overlaps, type Signal } from '../domain/signal.ts'
import { changeDirectory } from './change-directory.ts'
import { toSignal, toSignalRow } from './mapping.ts'
import { signals } from './schema/signals.ts'

/** Makes the repository of one company's signals. */
export function createSignalRepository(database: Database, companyId: CompanyId): SignalStore {
  const ofCompany = eq(signals.companyId, companyId)
  return {
    async insert(signal) {
      await changeDirectory(database, (tx) => insertSignal(tx, companyId, signal))
    },

    async changeValidity(signalId, change) {
      const own = and(ofCompany, eq(signals.signalId, signalId))
      return changeDirectory(database, async (tx) => {
        const [row] = await tx.orm.select().from(signals).where(own)
        if (!row) return undefined
        const signal = toSignal(row)
        const { validFrom, validUntil } = change(signal)
        await tx.orm
          .update(signals)
          .set({ validFrom: validFrom ?? null, validUntil: validUntil ?? null })
          .where(own)
        return { ...signal, validFrom, validUntil }
      })
    },

    async list(page) {
      const rows = await signalsAfter(database.orm, companyId, page)
      return rows.map(toSignal)
    },
  }
}

/** Keeps a signal of the company; inside `changeDirectory` alone. */
export async function insertSignal({ orm }: Transaction, companyId: CompanyId, signal: Signal): Promise<void> {
  // Nobody can add another one in between: changes of the directory exclude each other.
  const same = await orm
    .select()
    .from(signals)
    .where(and(eq(signals.companyId, companyId), eq(signals.kind, signal.kind), eq(signals.value, signal.value)))
  if (same.some((row) => overlaps(toSignal(row), signal))) {
    throw new FrontdeskError('already_exists', { publicMessage: 'The company has this signal already in that time. End it first.' })
  }
  await orm.insert(signals).values(toSignalRow(companyId, signal))
}

export function signalsAfter(orm: Database['orm'], companyId: CompanyId, { after, limit }: IdPage) {
  return orm
    .select()
    .from(signals)
    .where(and(eq(signals.companyId, companyId), gt(signals.signalId, after)))
    .orderBy(asc(signals.signalId))
    .limit(limit)
}
