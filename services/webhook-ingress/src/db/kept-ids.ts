import type { EventId } from '@frontdesk/contracts'

/** The ids of what was committed last; a provider that sends again mostly does so soon. */
export interface KeptIds {
  has(id: EventId): boolean
  add(id: EventId): void
}

/** Remembers the last so many ids at least, and at most twice as many: about 100 bytes each. */
export function createKeptIds(atLeast: number): KeptIds {
  // By generations: to forget ids one by one would cost a look-up of each.
  let older: ReadonlySet<EventId> = new Set()
  let newer = new Set<EventId>()
  return {
    has: (id) => newer.has(id) || older.has(id),
    add(id) {
      newer.add(id)
      if (newer.size < atLeast) return
      older = newer
      newer = new Set()
    },
  }
}
