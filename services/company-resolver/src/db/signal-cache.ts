import type { FoundSignal } from './known-signals.ts'

/** What one version of the directory says of values, of unknown ones too. */
export interface SignalCache {
  /** What is known of the values as of that version, and which of them have to be read. */
  lookUp(directoryVersion: bigint, values: Iterable<string>): { found: FoundSignal[]; missing: string[] }
  /** Keeps what was read of the values; one of an older version than is kept by then is of no use to anybody. */
  keep(directoryVersion: bigint, values: readonly string[], found: readonly FoundSignal[]): void
}

/**
 * A cache of so many values at most, the one unused for the longest leaving first. It holds one version of the directory, by
 * which it is asked: whoever holds that version in his transaction can't be told what was so before it, or will be after it.
 */
export function createSignalCache(maxValues: number): SignalCache {
  let version = 0n
  // In the order of their last use.
  const signalsOf = new Map<string, readonly FoundSignal[]>()

  function moveTo(directoryVersion: bigint): boolean {
    if (directoryVersion > version) {
      version = directoryVersion
      signalsOf.clear()
    }
    return directoryVersion === version
  }

  return {
    lookUp(directoryVersion, values) {
      const [found, missing]: [FoundSignal[], string[]] = [[], []]
      const isCurrent = moveTo(directoryVersion)
      for (const value of values) {
        const signals = isCurrent ? signalsOf.get(value) : undefined
        if (!signals) {
          missing.push(value)
          continue
        }
        signalsOf.delete(value)
        signalsOf.set(value, signals)
        found.push(...signals)
      }
      return { found, missing }
    },

    keep(directoryVersion, values, found) {
      if (!moveTo(directoryVersion)) return
      const byValue = Map.groupBy(found, ({ value }) => value)
      for (const value of values) signalsOf.set(value, byValue.get(value) ?? [])
      for (const oldest of signalsOf.keys()) {
        if (signalsOf.size <= maxValues) break
        signalsOf.delete(oldest)
      }
    },
  }
}
