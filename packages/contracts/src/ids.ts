import { hash, randomBytes } from 'node:crypto'
import { typeid } from 'typeid-js'

declare const brand: unique symbol

/** A company's TypeID (`cmp_…`) that the directory, a verified event or a verified caller has vouched for. */
export type CompanyId = string & { readonly [brand]: 'CompanyId' }

/** An event's identity for ever: 32 bytes as 64 lower-case hex digits. */
export type EventId = string & { readonly [brand]: 'EventId' }

const companyIdPattern = /^cmp_[0-7][0-9a-hjkmnp-tv-z]{25}$/
const eventIdPattern = /^[0-9a-f]{64}$/

/** Whether the text has the form of a company's id; says nothing of whether it may be trusted. */
export function isCompanyId(text: string): boolean {
  return companyIdPattern.test(text)
}

/**
 * Vouches for a company id. Only these may: the directory, the decoder of events that came from our
 * own streams, the verifier of caller tokens, and whoever holds a private key that signs them.
 * @throws TypeError if the text is not a company's TypeID.
 */
export function vouchForCompanyId(text: string): CompanyId {
  if (!isCompanyId(text)) throw new TypeError('not a company id (cmp_ and 26 characters of Crockford base32)')
  return text as CompanyId
}

/** Parses an event id; undefined unless it is exactly 64 lower-case hex digits. */
export function parseEventId(text: string): EventId | undefined {
  return eventIdPattern.test(text) ? (text as EventId) : undefined
}

/** The event id as it is stored: BINARY(32). */
export function eventIdToBytes(eventId: EventId): Buffer {
  return Buffer.from(eventId, 'hex')
}

/**
 * The event id that 32 stored bytes stand for.
 * @throws RangeError unless there are exactly 32.
 */
export function eventIdFromBytes(bytes: Uint8Array): EventId {
  if (bytes.length !== 32) throw new RangeError(`an event id has 32 bytes, not ${bytes.length}`)
  return Buffer.from(bytes).toString('hex') as EventId
}

/**
 * Derives an event id: SHA-256 over the parts, each behind its length in 4 bytes, so that no two
 * different lists of parts read alike. The same parts give the same id for ever.
 */
export function deriveEventId(parts: readonly (string | Uint8Array)[]): EventId {
  const sizes = parts.map((part) => (typeof part === 'string' ? Buffer.byteLength(part) : part.length))
  const framed = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + 4 + size, 0))
  let at = 0
  for (const [index, part] of parts.entries()) {
    at = framed.writeUInt32BE(sizes[index] ?? 0, at)
    if (typeof part === 'string') at += framed.write(part, at)
    else {
      framed.set(part, at)
      at += part.length
    }
  }
  return hash('sha256', framed) as EventId
}

/** A new TypeID with a UUIDv7 inside, so that ids of one kind sort by the time they were made. */
export function newId<Prefix extends string>(prefix: Prefix): `${Prefix}_${string}` {
  return typeid(prefix).toString() as `${Prefix}_${string}`
}

/** 63 random bits: names the rows that one statement claimed among those that were there before. */
export function newClaim(): bigint {
  return randomBytes(8).readBigUInt64BE() >> 1n
}
