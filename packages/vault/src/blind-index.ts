import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { lengthPrefixed } from './aes-gcm.ts'

/** What an index is of: equal values of other columns, or of other companies, have nothing in common. */
export interface IndexedColumn {
  /** Left out where a value is looked for in all companies. */
  readonly companyId?: string
  readonly table: string
  readonly column: string
}

/** Makes the index of a value: 32 bytes, the same for the same value, which tell nothing else to whoever has no key. */
export type BlindIndex = (value: string) => Uint8Array

/**
 * A column's blind index, HMAC-SHA-256 under a key of its own that is derived (HKDF) from the index key, which must be no
 * key that encrypts. For values with much entropy: whoever can have values indexed can try the few of a phone number.
 */
export function createBlindIndex(key: KeyObject, { companyId = '', table, column }: IndexedColumn): BlindIndex {
  const info = lengthPrefixed(['blind index', '1', companyId, table, column])
  const columnKey = createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), info, 32)))
  return (value) => createHmac('sha256', columnKey).update(value, 'utf8').digest()
}
