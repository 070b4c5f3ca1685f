import { randomBytes } from 'node:crypto'
import type { DataKeyName, WrappedDataKey } from '../src/index.ts'
import { createDataKeys, createLocalKeyEncryption, fixedKeyRing, type KeyRing, parseKeyRing } from '../src/index.ts'

/** A key ring of fresh keys with these ids. */
export function newRing(...ids: string[]): KeyRing {
  return parseKeyRing(ids.map((id) => `${id}:${randomBytes(32).toString('base64')}`).join(','))
}

/** Data keys over a table in memory, which counts how often it is asked. */
export function inMemoryDataKeys(ring: KeyRing, bounds: { cachedMax?: number; cachedMs?: number; clock?: () => number } = {}) {
  const rows = new Map<string, WrappedDataKey>()
  const asked: (readonly DataKeyName[])[] = []
  const nameText = ({ companyId, keyId }: DataKeyName) => `${companyId}/${keyId}`
  const store = {
    find: (names: readonly DataKeyName[]) => {
      asked.push(names)
      return Promise.resolve(names.flatMap((name) => rows.get(nameText(name)) ?? []))
    },
  }
  const dataKeys = createDataKeys({ keyEncryption: createLocalKeyEncryption(fixedKeyRing(ring)), store, ...bounds })
  return {
    rows,
    asked,
    dataKeys,
    keep: (key: WrappedDataKey) => void rows.set(nameText(key), key),
    make: async (companyId: string, keyId = 1) => {
      const key = await dataKeys.create({ companyId, keyId })
      rows.set(nameText(key), key)
      return key
    },
  }
}
