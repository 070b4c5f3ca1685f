import type { EventId } from '@frontdesk/contracts'

/** The ids of what was committed last; a provider that sends again mostly does so soon. */
export interface KeptIds {
  has(id: EventId): boolean
  add(id: EventId): void
}

/** Remembers so many ids, the oldest leaving first: about 150 bytes each. */
export function createKeptIds(limit: number): KeptIds {
  // In the order in which they came.
  const ids = new Set<EventId>()
  return {
    has: (id) => ids.has(id),
    add(id) {
      ids.add(id)
      if (ids.size <= limit) return
      for (const oldest of ids) {
        ids.delete(oldest)
        return
      }
    },
  }
}
