import type { Transaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, eq, inArray } from 'drizzle-orm'
import { overlaps, type Signal } from '../domain/signal.ts'
import { toSignal, toSignalRow } from './mapping.ts'
import { signals } from './schema/signals.ts'

/**
 * Adds the signal; inside `changeDirectory` alone, whose lock keeps anybody from adding the same in between.
 * @throws FrontdeskError already_exists if its company has the value already at some time of its validity.
 */
export async function insertSignal(tx: Transaction, signal: Signal): Promise<void> {
  const same = await sameSignals(tx, signal.companyId, [signal])
  if (same.some((known) => overlaps(known, signal))) {
    throw new FrontdeskError('already_exists', { publicMessage: 'The company has this signal already in that time. End it first.' })
  }
  await tx.orm.insert(signals).values(toSignalRow(signal.companyId, signal))
}

/** The company's signals that have a value of one of these, and its kind. */
export async function sameSignals(tx: Transaction, companyId: string, wanted: readonly Signal[]): Promise<Signal[]> {
  if (wanted.length === 0) return []
  const rows = await tx.orm
    .select()
    .from(signals)
    .where(and(eq(signals.companyId, companyId), inArray(signals.value, [...new Set(wanted.map(({ value }) => value))])))
  return rows.map(toSignal).filter(({ kind, value }) => wanted.some((signal) => signal.kind === kind && signal.value === value))
}
