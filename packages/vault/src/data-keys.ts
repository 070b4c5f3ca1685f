import { generateKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { ExpiringCache } from './expiring-cache.ts'
import type { DataKeyName, KeyEncryption, WrappedKey } from './key-encryption.ts'
import { unreadable } from './unreadable.ts'

/** A company's data key (DEK) as its table has it. */
export interface WrappedDataKey extends DataKeyName, WrappedKey {}

/** Where the wrapped keys are. */
export interface DataKeyStore {
  /** Those that there are, in any order; one question, however many names. */
  find(names: readonly DataKeyName[]): Promise<readonly WrappedDataKey[]>
}

export interface DataKeysOptions {
  readonly keyEncryption: KeyEncryption
  readonly store: DataKeyStore
  /** How many keys stay unwrapped in memory; 10,000 when left out. */
  readonly cachedMax?: number
  /** For how long; 5 minutes when left out. */
  readonly cachedMs?: number
  readonly clock?: () => number
}

/** Data keys, unwrapped. */
export interface DataKeys {
  /** The keys of these names; what can't be had throws when it is asked for, so that one lost key costs no other. */
  load(names: readonly DataKeyName[]): Promise<(name: DataKeyName) => KeyObject>
  /** The key of a row that was read already. */
  unwrap(key: WrappedDataKey): Promise<KeyObject>
  /** A new random key, wrapped; it is in force once its row is stored. */
  create(name: DataKeyName): Promise<WrappedDataKey>
  /** The same key by the current key-encryption key; undefined if that wraps it already. */
  rewrap(key: WrappedDataKey): Promise<WrappedDataKey | undefined>
  readonly cachedCount: number
}

const generate = promisify(generateKey)

/** Keeps data keys in memory, so many and so long, and asks the store and the key encryption for the others. */
export function createDataKeys(options: DataKeysOptions): DataKeys {
  const { keyEncryption, store, cachedMax = 10_000, cachedMs = 5 * 60_000, clock = () => performance.now() } = options
  const cache = new ExpiringCache<KeyObject>({ entriesMax: cachedMax, ttlMs: cachedMs, clock })

  async function unwrap(wrapped: WrappedDataKey): Promise<KeyObject> {
    const known = cache.get(text(wrapped))
    if (known) return known
    cache.sweep()
    const key = await keyEncryption.unwrap(wrapped, wrapped)
    cache.set(text(wrapped), key)
    return key
  }

  return {
    unwrap,

    async load(names) {
      const keys = new Map<string, KeyObject | { readonly error: unknown }>()
      const missing = new Map<string, DataKeyName>()
      for (const name of names) {
        const key = cache.get(text(name))
        if (key) keys.set(text(name), key)
        else missing.set(text(name), name)
      }
      const found = missing.size === 0 ? [] : await store.find([...missing.values()])
      await Promise.all(
        found.map(async (wrapped) => {
          const key = await unwrap(wrapped).catch((error: unknown) => ({ error }))
          keys.set(text(wrapped), key)
        }),
      )
      return (name) => {
        const key = keys.get(text(name))
        if (!key) throw unreadable(`there is no data key ${name.keyId} of ${name.companyId}`)
        if ('error' in key) throw key.error
        return key
      }
    },

    async create(name) {
      const key = await generate('aes', { length: 256 })
      return { companyId: name.companyId, keyId: name.keyId, ...(await keyEncryption.wrap(key, name)) }
    },

    async rewrap(wrapped) {
      if (wrapped.kekId === (await keyEncryption.currentKekId())) return undefined
      const key = await keyEncryption.unwrap(wrapped, wrapped)
      return { companyId: wrapped.companyId, keyId: wrapped.keyId, ...(await keyEncryption.wrap(key, wrapped)) }
    },

    get cachedCount() {
      return cache.size
    },
  }
}

function text({ companyId, keyId }: DataKeyName): string {
  return `${companyId}/${keyId}`
}
