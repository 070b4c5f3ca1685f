import { type Database, withDatabaseLock, withTransaction } from '@frontdesk/database'
import type { PrivateJwk } from '@frontdesk/rpc'
import type { Vault } from '@frontdesk/vault'
import { desc, isNull } from 'drizzle-orm'
import type { SigningKeyStore } from '../app/ports.ts'
import type { SigningKey } from '../domain/signing-key.ts'
import { signingKeys } from './schema/signing-keys.ts'

/** A signing key with both halves. */
export interface StoredKey extends SigningKey {
  readonly jwk: PrivateJwk
}

/** What a new key is made by. */
export type MakeKey = () => Promise<PrivateJwk>

const lockWaitMs = 10_000

/** Makes the store of signing keys; what it lists has the private halves, opened. */
export function createSigningKeyStore(
  database: Database,
  vault: Vault,
  { makeKey, now }: { makeKey: MakeKey; now: () => Date },
): SigningKeyStore & { load(): Promise<StoredKey[]> } {
  async function list(): Promise<SigningKey[]> {
    const rows = await database.orm.select().from(signingKeys).orderBy(desc(signingKeys.signsFrom))
    return rows.map(toSigningKey)
  }

  return {
    list,

    async load() {
      const rows = await database.orm.select().from(signingKeys).orderBy(desc(signingKeys.signsFrom))
      return rows.map((row) => ({ ...toSigningKey(row), jwk: toJwk(row, vault.open(row.privateD, privatePlace(row.kid))) }))
    },

    async rotate(decide) {
      // One replica at a time, so that two do not make a key each.
      return withDatabaseLock(
        database,
        'rotate signing key',
        async () => {
          const plan = decide(await list())
          if (!plan) return undefined
          const { kid, x, d } = await makeKey()
          const { signsFrom, othersVerifyUntil } = plan
          await withTransaction(database, async (tx) => {
            await tx.orm.update(signingKeys).set({ verifiesUntil: othersVerifyUntil }).where(isNull(signingKeys.verifiesUntil))
            await tx.orm
              .insert(signingKeys)
              .values({ kid, publicX: x, privateD: vault.seal(d, privatePlace(kid)), createdAt: now(), signsFrom, verifiesUntil: null })
          })
          return { kid, signsFrom, verifiesUntil: undefined }
        },
        { waitMs: lockWaitMs },
      )
    },
  }
}

/** Where a private half stands; it opens nowhere else. */
export function privatePlace(kid: string) {
  return { table: 'signing_keys', column: 'private_d', row: kid }
}

function toSigningKey({ kid, signsFrom, verifiesUntil }: typeof signingKeys.$inferSelect): SigningKey {
  return { kid, signsFrom, verifiesUntil: verifiesUntil ?? undefined }
}

/** It may speak for anyone: who is spoken for, identity has checked. */
function toJwk({ kid, publicX: x }: typeof signingKeys.$inferSelect, d: string): PrivateJwk {
  return { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x, d, callers: ['*'] }
}
