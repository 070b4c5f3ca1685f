import { acrossCompanies, type Database, padded } from '@frontdesk/database'
import { eq, inArray } from 'drizzle-orm'
import type { SignalLookUp } from '../app/ports.ts'
import type { KnownSignal, KnownSignals } from '../domain/attribute.ts'
import { type Evidence, evidenceKey } from '../domain/evidence.ts'
import { maxSignalLength } from '../domain/signal.ts'
import { companies } from './schema/companies.ts'
import { signals } from './schema/signals.ts'

type Orm = Pick<Database['orm'], 'select'>
/** A signal with the end of its company. */
export type FoundSignal = KnownSignal & { readonly deactivatedAt: Date | null }

/** What the directory says as it stands: one read, which waits for no change of it. */
export function createSignalLookUp({ orm }: Database): SignalLookUp {
  return async (evidence) =>
    toKnownSignals(await acrossCompanies('a ringing call asks whose it is', () => readSignals(orm, possibleValues(evidence))))
}

/** The different values of the evidence that a signal can have. */
export function possibleValues(evidence: readonly Evidence[]): string[] {
  const values = new Set(evidence.map(({ value }) => value))
  return [...values].filter((value) => value.length <= maxSignalLength)
}

/** The signals that have one of the values. */
export async function readSignals(orm: Orm, values: readonly string[]): Promise<FoundSignal[]> {
  if (values.length === 0) return []
  const rows = await signalsByValue(orm, values)
  return rows.map((row) => ({ ...row, validFrom: row.validFrom ?? undefined, validUntil: row.validUntil ?? undefined }))
}

/** Found signals by their evidence, with the ends of their companies and of the entities'. */
export function toKnownSignals(
  found: readonly FoundSignal[],
  entities: readonly Pick<FoundSignal, 'companyId' | 'deactivatedAt'>[] = [],
): KnownSignals {
  const deactivated = [...found, ...entities].flatMap(({ companyId, deactivatedAt }) =>
    deactivatedAt ? [[companyId, deactivatedAt] as const] : [],
  )
  return { signals: Map.groupBy<string, KnownSignal>(found, evidenceKey), deactivations: new Map(deactivated) }
}

export function signalsByValue(orm: Orm, values: readonly string[]) {
  return orm
    .select({
      kind: signals.kind,
      value: signals.value,
      companyId: signals.companyId,
      validFrom: signals.validFrom,
      validUntil: signals.validUntil,
      deactivatedAt: companies.deactivatedAt,
    })
    .from(signals)
    .innerJoin(companies, eq(companies.companyId, signals.companyId))
    .where(inArray(signals.value, padded(values)))
}
