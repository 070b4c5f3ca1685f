import { acrossCompanies, type Database, insertedValues, padded, type Transaction } from '@frontdesk/database'
import type { CompanyVault, DataKeys, DataKeyStore, Opener, Sealer } from '@frontdesk/vault'
import { and, asc, eq, inArray } from 'drizzle-orm'
import { dataKeys } from './schema/data-keys.ts'

/** A data key's row. */
export type DataKeyRow = typeof dataKeys.$inferSelect

/** A company's keys at hand: the active one, and all of them to open with. */
export interface HeldKeys {
  readonly sealer: Sealer
  readonly opener: Opener
}

/** The keys that seal companies' secrets. */
export interface CompanyKeys {
  /**
   * The company's keys, none of which is replaced before the transaction's end, so that nothing is sealed under a key that a
   * rotation takes for left behind; the first one is made here.
   */
  hold(tx: Transaction, companyId: string): Promise<HeldKeys>
}

export interface CompanyKeysDependencies {
  readonly vault: CompanyVault
  readonly dataKeys: Pick<DataKeys, 'create'>
  readonly now: () => Date
}

/** Makes the keeper of companies' keys. */
export function createCompanyKeys({ vault, dataKeys: keys, now }: CompanyKeysDependencies): CompanyKeys {
  async function makeFirst(tx: Transaction, companyId: string): Promise<DataKeyRow[]> {
    const first = await keys.create({ companyId, keyId: 1 })
    await tx.orm
      .insert(dataKeys)
      .values({ ...first, state: 'active', createdAt: now() })
      // Somebody else may have made it at the same moment; his is as good.
      .onDuplicateKeyUpdate({ set: insertedValues({ keyId: dataKeys.keyId }) })
    return lockKeys(tx, companyId)
  }

  return {
    async hold(tx, companyId) {
      const found = await lockKeys(tx, companyId)
      const rows = found.length === 0 ? await makeFirst(tx, companyId) : found
      const active = rows.find(({ state }) => state === 'active')
      if (!active) throw new TypeError(`${companyId} has no active data key`)
      const [sealer, opener] = await Promise.all([vault.sealerBy(active), vault.openerBy(rows)])
      return { sealer, opener }
    },
  }
}

/** A company's keys, the oldest first, locked until the transaction's end. */
export function lockKeys(tx: Transaction, companyId: string): Promise<DataKeyRow[]> {
  return tx.orm.select().from(dataKeys).where(eq(dataKeys.companyId, companyId)).orderBy(asc(dataKeys.keyId)).for('update')
}

/** Makes the store in which the vault looks for the keys of what it opens. */
export function createDataKeyStore(database: Database): DataKeyStore {
  return {
    find: (names) =>
      acrossCompanies('what is read of several companies has keys of each', () =>
        dataKeysOf(database.orm, [...new Set(names.map(({ companyId }) => companyId))], [...new Set(names.map(({ keyId }) => keyId))]),
      ),
  }
}

/** A few more than asked for: companies' keys of the same few ids. */
export function dataKeysOf(orm: Database['orm'], companyIds: readonly string[], keyIds: readonly number[]) {
  return orm
    .select()
    .from(dataKeys)
    .where(and(inArray(dataKeys.companyId, padded(companyIds)), inArray(dataKeys.keyId, padded(keyIds))))
}
