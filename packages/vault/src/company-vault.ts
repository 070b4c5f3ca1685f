import type { KeyObject } from 'node:crypto'
import { decrypt, encrypt, lengthPrefixed, overheadBytes } from './aes-gcm.ts'
import type { DataKeys, WrappedDataKey } from './data-keys.ts'
import type { DataKeyName } from './key-encryption.ts'
import { unreadable } from './unreadable.ts'
import type { Place, Vault } from './vault.ts'

/** A sealed value and whose it is. */
export interface SealedValue {
  readonly companyId: string
  readonly sealed: Uint8Array
}

/** Opens values whose keys are at hand. */
export interface Opener {
  /** @throws FrontdeskError `internal` if it was changed, stood elsewhere, is another company's, or its key is not to be had. */
  open(value: SealedValue, place: Place): string
}

/** Seals one company's values under one data key (format 2). */
export interface Sealer {
  /** What all that is sealed under this key begins with, and nothing else does. */
  readonly head: Uint8Array
  /** AES-256-GCM: version, key id, nonce, tag, ciphertext. */
  seal(plaintext: string, place: Place): Uint8Array
  /** Whether it was sealed under this key, by its header. */
  isCurrent(sealed: Uint8Array): boolean
}

/** Seals what belongs to companies, each under keys of its own. */
export interface CompanyVault {
  /** Gets the keys of all these values, with one question to the store at most. */
  openerOf(values: readonly SealedValue[]): Promise<Opener>
  /** Opens by the company's keys as they were read. */
  openerBy(keys: readonly WrappedDataKey[]): Promise<Opener>
  sealerBy(key: WrappedDataKey): Promise<Sealer>
}

export interface CompanyVaultOptions {
  readonly dataKeys: DataKeys
  /** Opens what was sealed before there were data keys; its places have the company in the row's name. */
  readonly legacy?: Pick<Vault, 'open'>
}

/** The first byte of what was sealed under a data key; the key's id follows in 4 bytes, the highest first. */
export const companyFormat = 2
const headBytes = 5

/** Makes the vault over the companies' data keys. */
export function createCompanyVault({ dataKeys, legacy }: CompanyVaultOptions): CompanyVault {
  function openerWith(keyOf: (name: DataKeyName) => KeyObject): Opener {
    return {
      open({ companyId, sealed }, place) {
        const keyId = keyIdOf(sealed)
        if (keyId === undefined) {
          if (!legacy) throw unreadable(`it is not of version ${companyFormat}, or too short`)
          return legacy.open(sealed, { ...place, row: `${companyId}/${place.row}` })
        }
        const key = keyOf({ companyId, keyId })
        try {
          return decrypt(key, sealed.subarray(headBytes), associatedData(companyId, place, keyId)).toString('utf8')
        } catch (error) {
          throw unreadable(`it was changed, or does not belong to ${place.table}.${place.column} of ${companyId}`, error)
        }
      },
    }
  }

  return {
    async openerOf(values) {
      const names = values.flatMap(({ companyId, sealed }) => {
        const keyId = keyIdOf(sealed)
        return keyId === undefined ? [] : [{ companyId, keyId }]
      })
      return openerWith(await dataKeys.load(names))
    },

    async openerBy(wrapped) {
      const keys = await Promise.all(
        wrapped.map(async (key) => ({ key, unwrapped: await dataKeys.unwrap(key).catch((error: unknown) => ({ error })) })),
      )
      return openerWith((name) => {
        const found = keys.find(({ key }) => key.companyId === name.companyId && key.keyId === name.keyId)
        if (!found) throw unreadable(`there is no data key ${name.keyId} of ${name.companyId}`)
        if ('error' in found.unwrapped) throw found.unwrapped.error
        return found.unwrapped
      })
    },

    async sealerBy(wrapped) {
      const { companyId, keyId } = wrapped
      const key = await dataKeys.unwrap(wrapped)
      const head = headOf(keyId)
      return {
        head,
        seal: (plaintext, place) =>
          Buffer.concat([head, encrypt(key, Buffer.from(plaintext, 'utf8'), associatedData(companyId, place, keyId))]),
        isCurrent: (sealed) => head.equals(sealed.subarray(0, headBytes)),
      }
    },
  }
}

/** The key of a value of format 2; undefined for any other. */
function keyIdOf(sealed: Uint8Array): number | undefined {
  if (sealed[0] !== companyFormat || sealed.length < headBytes + overheadBytes) return undefined
  return Buffer.from(sealed.subarray(1, headBytes)).readUInt32BE()
}

function headOf(keyId: number): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt8(companyFormat)
  head.writeUInt32BE(keyId, 1)
  return head
}

function associatedData(companyId: string, { table, column, row }: Place, keyId: number): Buffer {
  return lengthPrefixed([String(companyFormat), companyId, table, column, row, String(keyId)])
}
