import { type EventId, eventIdToBytes } from '@frontdesk/contracts'

/** The ids of what was committed last; a provider that sends again mostly does so soon. */
export interface KeptIds {
  has(id: EventId): boolean
  add(id: EventId): void
}

const idBytes = 32

/**
 * Remembers an id in each of so many places, of 32 bytes each. An id has one place, which its first bytes name; as a SHA-256
 * they are as good as random, and whoever comes later takes the place. Outside of V8's heap, whose collector would look
 * at a million texts again and again.
 */
export function createKeptIds(places: number): KeptIds {
  const ids = Buffer.alloc(places * idBytes)
  const placeOf = (id: Buffer) => (id.readUInt32LE() % places) * idBytes
  return {
    has(id) {
      const bytes = eventIdToBytes(id)
      const place = placeOf(bytes)
      return ids.compare(bytes, 0, idBytes, place, place + idBytes) === 0
    },
    add(id) {
      const bytes = eventIdToBytes(id)
      bytes.copy(ids, placeOf(bytes))
    },
  }
}
