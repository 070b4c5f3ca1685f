import { type Database, insertedValues, type Transaction, withTransaction } from '@frontdesk/database'
import type { Logger } from '@frontdesk/telemetry'
import type { Place, Vault } from '@frontdesk/vault'
import { asc, gt } from 'drizzle-orm'
import { secondFactors } from './schema/second-factors.ts'
import { signingKeys } from './schema/signing-keys.ts'
import { secretPlace } from './second-factor-store.ts'
import { privatePlace } from './signing-key-store.ts'

const batchSize = 200

/** Seals again what another key than the ring's first has sealed; those keys can go once every replica has that ring. */
export async function sealAnew(database: Database, vault: Vault, logger: Logger): Promise<void> {
  function seal(sealed: Uint8Array, place: Place): Uint8Array {
    if (vault.isCurrent(sealed)) return sealed
    try {
      return vault.seal(vault.open(sealed, place), place)
    } catch (err) {
      logger.error({ err, ...place }, 'a sealed value can’t be opened: is its key missing in VAULT_KEYS?')
      return sealed
    }
  }

  async function sealSigningKeys(tx: Transaction): Promise<number> {
    const { privateD } = signingKeys
    const rows = await tx.orm.select().from(signingKeys).for('update')
    const anew = rows.flatMap((row) => {
      const sealed = seal(row.privateD, privatePlace(row.kid))
      return sealed === row.privateD ? [] : [{ ...row, privateD: sealed }]
    })
    if (anew.length > 0)
      await tx.orm
        .insert(signingKeys)
        .values(anew)
        .onDuplicateKeyUpdate({ set: insertedValues({ privateD }) })
    return anew.length
  }

  async function sealSecondFactors(tx: Transaction, after: string): Promise<{ anew: number; nextAfter: string | undefined }> {
    const { userId: key, secret: secretColumn, proposed: proposedColumn } = secondFactors
    const rows = await tx.orm.select().from(secondFactors).where(gt(key, after)).orderBy(asc(key)).limit(batchSize).for('update')
    const anew = rows.flatMap((row) => {
      const secret = row.secret && seal(row.secret, secretPlace('secret', row.userId))
      const proposed = row.proposed && seal(row.proposed, secretPlace('proposed', row.userId))
      return secret === row.secret && proposed === row.proposed ? [] : [{ ...row, secret, proposed }]
    })
    if (anew.length > 0)
      await tx.orm
        .insert(secondFactors)
        .values(anew)
        .onDuplicateKeyUpdate({ set: insertedValues({ secret: secretColumn, proposed: proposedColumn }) })
    return { anew: anew.length, nextAfter: rows.length === batchSize ? rows.at(-1)?.userId : undefined }
  }

  let total = await withTransaction(database, sealSigningKeys)
  let after: string | undefined = ''
  while (after !== undefined) {
    const from: string = after
    // Batch by batch, so that no lock is held for long.
    const { anew, nextAfter } = await withTransaction(database, (tx) => sealSecondFactors(tx, from))
    total += anew
    after = nextAfter
  }
  if (total > 0) logger.info({ rows: total }, 'what an older key had sealed was sealed again under the first key of the ring')
}
