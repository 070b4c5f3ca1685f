import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import type { KeyRing } from './key-ring.ts'

/** Where a sealed value stands; it opens nowhere else. */
export interface Place {
  readonly table: string
  readonly column: string
  readonly row: string
}

/** Seals texts for the database. */
export interface Vault {
  /** AES-256-GCM under the ring's first key: version, key id, nonce, tag, ciphertext. */
  seal(plaintext: string, place: Place): Uint8Array
  /** @throws FrontdeskError `internal` if it was changed, stood elsewhere, or its key is not in the ring. */
  open(sealed: Uint8Array, place: Place): string
}

const version = 1
const nonceBytes = 12
const tagBytes = 16

/** Opens a vault over a key ring. */
export function createVault({ keys }: { readonly keys: KeyRing }): Vault {
  // KeyObjects: handing a Buffer to each operation costs three times as much.
  const ring = new Map(keys.map(({ id, key }) => [id, createSecretKey(key)]))
  const [first] = keys
  if (!first) throw new TypeError('a vault needs a key')

  return {
    seal(plaintext, place) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', keyOf(ring, first.id), nonce, { authTagLength: tagBytes })
      cipher.setAAD(associatedData(place, first.id))
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
      const id = Buffer.from(first.id)
      return Buffer.concat([Buffer.from([version, id.length]), id, nonce, cipher.getAuthTag(), ciphertext])
    },

    open(sealed, place) {
      const { keyId, nonce, tag, ciphertext } = parse(Buffer.from(sealed))
      const decipher = createDecipheriv('aes-256-gcm', keyOf(ring, keyId), nonce, { authTagLength: tagBytes })
      decipher.setAAD(associatedData(place, keyId))
      decipher.setAuthTag(tag)
      try {
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
      } catch (error) {
        throw unreadable(`it was changed, or does not belong to ${place.table}.${place.column}`, error)
      }
    },
  }
}

function keyOf(ring: ReadonlyMap<string, KeyObject>, id: string): KeyObject {
  const key = ring.get(id)
  if (!key) throw unreadable(`key ${id} is not in the ring`)
  return key
}

function parse(sealed: Buffer): { keyId: string; nonce: Buffer; tag: Buffer; ciphertext: Buffer } {
  const idEnd = 2 + (sealed[1] ?? 0)
  const nonceEnd = idEnd + nonceBytes
  const tagEnd = nonceEnd + tagBytes
  if (sealed[0] !== version || sealed.length < tagEnd) throw unreadable('it is not of version 1, or too short')
  return {
    keyId: sealed.toString('utf8', 2, idEnd),
    nonce: sealed.subarray(idEnd, nonceEnd),
    tag: sealed.subarray(nonceEnd, tagEnd),
    ciphertext: sealed.subarray(tagEnd),
  }
}

/** Each part behind its length, so that no two places read alike. */
function associatedData({ table, column, row }: Place, keyId: string): Buffer {
  return Buffer.concat(
    [String(version), table, column, row, keyId].flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

function unreadable(detail: string, cause?: unknown): FrontdeskError {
  return new FrontdeskError('internal', { publicMessage: 'A stored secret can’t be read.', detail, cause })
}
