import type { EventId } from '@frontdesk/contracts'

/** The ids of what was committed last; a provider that sends again mostly does so soon. */
export interface KeptIds {
  has(id: EventId): boolean
  add(id: EventId): void
}

/** Remembers so many ids, the oldest leaving first: about 150 bytes each. */
export function createKeptIds(limit: number): KeptIds {
  const ids = new Set<EventId>()
  // In the order in which they came, round and round: the Set's own first entry is dear to find once many before it have left.
  const ring: EventId[] = []
  let next = 0
  return {
    has: (id) => ids.has(id),
    add(id) {
      if (ids.has(id)) return
      const oldest = ring[next]
      if (oldest !== undefined) ids.delete(oldest)
      ring[next] = id
      ids.add(id)
      next = (next + 1) % limit
    },
  }
}
