import { createSecretKey, type KeyObject } from 'node:crypto'
import { decrypt, encrypt, lengthPrefixed } from './aes-gcm.ts'
import type { KeyRingSource } from './key-ring.ts'
import { unreadable } from './unreadable.ts'

/** Which key of whose; ids count up from 1 in each company. */
export interface DataKeyName {
  readonly companyId: string
  readonly keyId: number
}

/** A data key as it is stored: encrypted by a key-encryption key (KEK). */
export interface WrappedKey {
  readonly kekId: string
  readonly wrapped: Uint8Array
}

/** Whoever holds the key-encryption keys and never gives them out: a key ring here, a key management service elsewhere. */
export interface KeyEncryption {
  /** The id of the key that wraps from now on. */
  currentKekId(): Promise<string>
  /** Wraps by the current key, for that name alone. */
  wrap(key: KeyObject, name: DataKeyName): Promise<WrappedKey>
  /** @throws FrontdeskError `internal` if it was changed, belongs to another name, or its KEK is not to be had. */
  unwrap(wrapped: WrappedKey, name: DataKeyName): Promise<KeyObject>
}

const version = 1

/** Key encryption by a local key ring: its first key wraps, all of them unwrap. */
export function createLocalKeyEncryption(ring: KeyRingSource): KeyEncryption {
  async function current() {
    const [first] = await ring()
    if (!first) throw new TypeError('key encryption needs a key')
    return first
  }

  return {
    currentKekId: async () => (await current()).id,

    async wrap(key, name) {
      const { id: kekId, key: kek } = await current()
      const bytes = key.export()
      try {
        return { kekId, wrapped: Buffer.concat([Buffer.from([version]), encrypt(kek, bytes, associatedData(name, kekId))]) }
      } finally {
        bytes.fill(0)
      }
    },

    async unwrap({ kekId, wrapped }, name) {
      const kek = (await ring()).find(({ id }) => id === kekId)
      if (!kek) throw unreadable(`the key ring has no ${kekId}, which wraps data key ${name.keyId} of ${name.companyId}`)
      if (wrapped[0] !== version) throw unreadable(`data key ${name.keyId} of ${name.companyId} is not wrapped in version ${version}`)
      let bytes: Buffer
      try {
        bytes = decrypt(kek.key, wrapped.subarray(1), associatedData(name, kekId))
      } catch (error) {
        throw unreadable(`data key ${name.keyId} was changed, or is not ${name.companyId}’s`, error)
      }
      const key = createSecretKey(bytes)
      bytes.fill(0)
      return key
    },
  }
}

function associatedData({ companyId, keyId }: DataKeyName, kekId: string): Buffer {
  return lengthPrefixed(['data key', String(version), companyId, String(keyId), kekId])
}
