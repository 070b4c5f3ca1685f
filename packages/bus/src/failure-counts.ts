/** How often each event has failed for an unknown reason, in this process. */
export interface FailureCounts {
  /** Counts one more, and gives how many there are now. */
  add(key: string): number
  forget(key: string): void
}

/**
 * Counts for at most `limit` events. The one that has not failed for the longest is forgotten first and so gets more
 * attempts, never fewer; the same goes for a restart.
 */
export function createFailureCounts(limit: number): FailureCounts {
  const counts = new Map<string, number>()
  return {
    add(key) {
      const count = (counts.get(key) ?? 0) + 1
      counts.delete(key)
      counts.set(key, count)
      const [oldest] = counts.keys()
      if (counts.size > limit && oldest !== undefined) counts.delete(oldest)
      return count
    },
    forget(key) {
      counts.delete(key)
    },
  }
}
