import { type EventId, eventIdToBytes } from '@frontdesk/contracts'

/** The ids of what was committed last; a provider that sends again mostly does so soon. */
export interface KeptIds {
  has(id: EventId): boolean
  add(id: EventId): void
  /** Forgets all of them. */
  clear(): void
}

const idBytes = 32
const idsPerBucket = 4
const bucketBytes = idsPerBucket * idBytes

/**
 * Remembers at most so many ids, 32 bytes each: the last four of each bucket. A bucket is named by an id's first bytes, which are
 * as good as random, since it is a SHA-256. Outside of V8's heap, whose collector would look at a million texts again and again.
 */
export function createKeptIds(capacity: number): KeptIds {
  const ids = Buffer.alloc(capacity * idBytes)
  const buckets = capacity / idsPerBucket
  let isEmpty = true

  const bucketOf = (id: Buffer) => (id.readUInt32LE() % buckets) * bucketBytes

  function holds(bucket: number, id: Buffer): boolean {
    // Eight bytes in, where a bucket's ids differ: a call out of JavaScript for each of them would cost as much as all the rest.
    const sample = id.readUInt32LE(8)
    for (let at = bucket; at < bucket + bucketBytes; at += idBytes) {
      if (ids.readUInt32LE(at + 8) === sample && ids.compare(id, 0, idBytes, at, at + idBytes) === 0) return true
    }
    return false
  }

  return {
    has(text) {
      const id = eventIdToBytes(text)
      return holds(bucketOf(id), id)
    },
    add(text) {
      const id = eventIdToBytes(text)
      const bucket = bucketOf(id)
      if (holds(bucket, id)) return
      // The latest is the first, and the oldest falls off the end.
      ids.copyWithin(bucket + idBytes, bucket, bucket + bucketBytes - idBytes)
      id.copy(ids, bucket)
      isEmpty = false
    },
    clear() {
      if (!isEmpty) ids.fill(0)
      isEmpty = true
    },
  }
}
