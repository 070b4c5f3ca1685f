import type { KeyObject } from 'node:crypto'
import { decrypt, encrypt, lengthPrefixed, overheadBytes } from './aes-gcm.ts'
import type { KeyRing } from './key-ring.ts'
import { unreadable } from './unreadable.ts'

/** Where a sealed value stands; it opens nowhere else. */
export interface Place {
  readonly table: string
  readonly column: string
  readonly row: string
}

/** Seals texts of no company, by the key ring itself (format 1). */
export interface Vault {
  /** AES-256-GCM under the ring's first key: version, key id, nonce, tag, ciphertext. */
  seal(plaintext: string, place: Place): Uint8Array
  /** @throws FrontdeskError `internal` if it was changed, stood elsewhere, or its key is not in the ring. */
  open(sealed: Uint8Array, place: Place): string
  /** Whether the ring's first key sealed it: what another did is to be sealed again before that key goes. */
  isCurrent(sealed: Uint8Array): boolean
}

const version = 1

/** Opens a vault over a key ring. */
export function createVault({ keys }: { readonly keys: KeyRing }): Vault {
  const ring = new Map(keys.map(({ id, key }) => [id, key]))
  const [first] = keys
  if (!first) throw new TypeError('a vault needs a key')
  const head = Buffer.from([version, first.id.length, ...Buffer.from(first.id)])

  return {
    seal(plaintext, place) {
      return Buffer.concat([head, encrypt(first.key, Buffer.from(plaintext, 'utf8'), associatedData(place, first.id))])
    },

    open(sealed, place) {
      const { keyId, encrypted } = parse(sealed)
      const key = keyOf(ring, keyId)
      try {
        return decrypt(key, encrypted, associatedData(place, keyId)).toString('utf8')
      } catch (error) {
        throw unreadable(`it was changed, or does not belong to ${place.table}.${place.column}`, error)
      }
    },

    isCurrent: (sealed) => head.equals(sealed.subarray(0, head.length)),
  }
}

function keyOf(ring: ReadonlyMap<string, KeyObject>, id: string): KeyObject {
  const key = ring.get(id)
  if (!key) throw unreadable(`key ${id} is not in the ring`)
  return key
}

function parse(sealed: Uint8Array): { keyId: string; encrypted: Uint8Array } {
  const idEnd = 2 + (sealed[1] ?? 0)
  if (sealed[0] !== version || sealed.length < idEnd + overheadBytes) throw unreadable('it is not of version 1, or too short')
  return { keyId: Buffer.from(sealed.subarray(2, idEnd)).toString('utf8'), encrypted: sealed.subarray(idEnd) }
}

function associatedData({ table, column, row }: Place, keyId: string): Buffer {
  return lengthPrefixed([String(version), table, column, row, keyId])
}
