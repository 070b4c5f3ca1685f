import { acrossCompanies, type Database, padded } from '@frontdesk/database'
import { eq, inArray } from 'drizzle-orm'
import type { SignalLookUp } from '../app/ports.ts'
import type { KnownSignal, KnownSignals } from '../domain/attribute.ts'
import { type Evidence, evidenceKey } from '../domain/evidence.ts'
import { maxSignalLength } from '../domain/signal.ts'
import { stateId } from './change-directory.ts'
import type { ModelInForce } from './model-in-force.ts'
import { companies } from './schema/companies.ts'
import { directoryState } from './schema/directory-state.ts'
import { signals } from './schema/signals.ts'

type Orm = Pick<Database['orm'], 'select'>
/** A signal with the end of its company. */
export type FoundSignal = KnownSignal & { readonly deactivatedAt: Date | null }

/** What the directory says as it stands, and the model in force: one read, which waits for no change of them. */
export function createSignalLookUp({ orm }: Database, models: ModelInForce): SignalLookUp {
  return async (evidence) => {
    const values = possibleValues(evidence)
    const rows = await acrossCompanies('a ringing call asks whose it is', async () =>
      values.length > 0 ? stateAndSignals(orm, values) : [],
    )
    // Without signals every model says the same.
    const model = await models.ofVersion(orm, rows[0]?.modelVersion ?? null)
    return { known: toKnownSignals(rows.map(toFoundSignal)), model }
  }
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
  return rows.map(toFoundSignal)
}

function toFoundSignal({ kind, value, companyId, validFrom, validUntil, deactivatedAt }: Selected): FoundSignal {
  return { kind, value, companyId, validFrom: validFrom ?? undefined, validUntil: validUntil ?? undefined, deactivatedAt }
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

const selected = {
  kind: signals.kind,
  value: signals.value,
  companyId: signals.companyId,
  validFrom: signals.validFrom,
  validUntil: signals.validUntil,
  deactivatedAt: companies.deactivatedAt,
}

type Selected = Awaited<ReturnType<typeof signalsByValue>>[number]

export function signalsByValue(orm: Orm, values: readonly string[]) {
  return orm
    .select(selected)
    .from(signals)
    .innerJoin(companies, eq(companies.companyId, signals.companyId))
    .where(inArray(signals.value, padded(values)))
}

export function stateAndSignals(orm: Orm, values: readonly string[]) {
  return orm
    .select({ ...selected, modelVersion: directoryState.modelVersion })
    .from(signals)
    .innerJoin(companies, eq(companies.companyId, signals.companyId))
    .leftJoin(directoryState, eq(directoryState.id, stateId))
    .where(inArray(signals.value, padded(values)))
}
