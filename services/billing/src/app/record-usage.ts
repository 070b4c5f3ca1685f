import { countUse, type UsageDecision, type UsageKind, type Use, type UsageRecord } from '../domain/usage.ts'
import type { UsageBook } from './ports.ts'

export interface RecordUsageDependencies {
  readonly book: UsageBook
  readonly newUsageId: () => string
  readonly counted: (kind: UsageKind, change: UsageDecision['change']) => void
}

const keyOf = ({ kind, entityId }: Pick<UsageRecord, 'kind' | 'entityId'>) => `${kind} ${entityId}`

/** Counts one company's uses in their order, with one read and one write for all; one decision for each. */
export function recordUsage(deps: RecordUsageDependencies): (uses: readonly Use[]) => Promise<UsageDecision[]> {
  return async (uses) => {
    const stored = await deps.book.open(uses)
    const known = new Map(stored.map((record) => [keyOf(record), record]))
    const written = new Map<string, { record: UsageRecord; change: UsageDecision['change'] }>()
    const decisions = uses.map((use) => {
      const key = keyOf(use)
      const decision = countUse(deps.newUsageId, known.get(key), use)
      const { record, change } = decision
      if (record && change !== 'ignored') {
        known.set(key, record)
        // What was recorded and amended in one batch is still new to the database.
        written.set(key, { record, change: written.get(key)?.change ?? change })
      }
      return decision
    })
    await deps.book.save([...written.values()])
    for (const [index, { change }] of decisions.entries()) deps.counted(uses[index]?.kind ?? 'messages', change)
    return decisions
  }
}
