import { type Database, insertedValues, withTransaction } from '@frontdesk/database'
import type { DataKeys, KeyEncryption } from '@frontdesk/vault'
import type { Logger } from '@frontdesk/telemetry'
import { and, asc, eq } from 'drizzle-orm'
import { type CompanyKeys, type DataKeyRow, lockKeys } from './company-keys.ts'
import { addProgress, type RotationRow } from './key-rotation-table.ts'
import { dataKeys } from './schema/data-keys.ts'
import { hasStale, resealBatch } from './sealed-connections.ts'

export interface RotateCompanyDependencies {
  readonly database: Database
  readonly dataKeys: Pick<DataKeys, 'create' | 'rewrap'>
  readonly keyEncryption: Pick<KeyEncryption, 'currentKekId'>
  readonly keys: CompanyKeys
  readonly now: () => Date
  readonly logger: Logger
}

/**
 * Does for one company what the rotation asks for, in several commits. Each leaves everything readable, and none repeats what
 * another has done, so that it can end anywhere and begin again.
 * @returns how many keys and secrets can't be opened
 */
export async function rotateCompany(deps: RotateCompanyDependencies, rotation: RotationRow, companyId: string): Promise<number> {
  if (rotation.target === 'data_keys') await replaceKey(deps, rotation, companyId)
  const lostKeys = rotation.target === 'kek' ? await rewrapKeys(deps, rotation, companyId) : 0
  const lostSecrets = await resealSecrets(deps, rotation, companyId)
  await retireKeys(deps, companyId)
  return lostKeys + lostSecrets
}

/** Whether the company's active key is from before the rotation. */
export function isDue({ startedAt }: RotationRow, active: Pick<DataKeyRow, 'createdAt'>): boolean {
  return active.createdAt < startedAt
}

async function replaceKey({ database, dataKeys: keys, now }: RotateCompanyDependencies, rotation: RotationRow, companyId: string) {
  const newest = (await keysOf(database.orm, companyId)).at(-1)
  if (!newest || !isDue(rotation, newest)) return
  const next = await keys.create({ companyId, keyId: newest.keyId + 1 })
  // By the rotation's clock it has to be a newer one.
  const createdAt = new Date(Math.max(now().getTime(), rotation.startedAt.getTime()))
  await withTransaction(database, async (tx) => {
    const active = (await lockKeys(tx, companyId)).at(-1)
    if (active?.keyId !== newest.keyId) return
    await tx.orm
      .update(dataKeys)
      .set({ state: 'retiring' })
      .where(and(eq(dataKeys.companyId, companyId), eq(dataKeys.state, 'active')))
    await tx.orm.insert(dataKeys).values({ ...next, state: 'active', createdAt })
    await addProgress(tx, rotation.rotationId, { dataKeysMade: 1 })
  })
}

async function rewrapKeys({ database, dataKeys: keys, logger }: RotateCompanyDependencies, rotation: RotationRow, companyId: string) {
  const before = await keysOf(database.orm, companyId)
  let lost = 0
  const rewrapped = await Promise.all(
    before.map((row) =>
      keys.rewrap(row).catch((err: unknown) => {
        lost++
        logger.error({ err, companyId, keyId: row.keyId, kekId: row.kekId }, 'a data key can’t be wrapped anew')
        return undefined
      }),
    ),
  )
  const next = before.flatMap((row, index) => (rewrapped[index] ? [{ ...row, ...rewrapped[index] }] : []))
  if (next.length === 0) return lost
  await withTransaction(database, async (tx) => {
    const { kekId, wrapped } = dataKeys
    // Of a key that was rewrapped meanwhile, either wrapping opens.
    await tx.orm
      .insert(dataKeys)
      .values(next)
      .onDuplicateKeyUpdate({ set: insertedValues({ kekId, wrapped }) })
    await addProgress(tx, rotation.rotationId, { dataKeysRewrapped: next.length })
  })
  return lost
}

async function resealSecrets({ database, keys }: RotateCompanyDependencies, rotation: RotationRow, companyId: string): Promise<number> {
  let lost = 0
  let after: string | undefined = ''
  do {
    const from: string = after
    // Batch by batch, so that no lock is held for long.
    const { failures, nextAfter } = await withTransaction(database, async (tx) => {
      const batch = await resealBatch(tx, companyId, await keys.hold(tx, companyId), from)
      await addProgress(tx, rotation.rotationId, { secretsResealed: batch.resealed })
      return batch
    })
    lost += failures
    after = nextAfter
  } while (after !== undefined)
  return lost
}

/** Nothing is sealed under a replaced key any more, since whoever seals holds the active one until his commit. */
async function retireKeys({ database }: RotateCompanyDependencies, companyId: string): Promise<void> {
  const retiring = and(eq(dataKeys.companyId, companyId), eq(dataKeys.state, 'retiring'))
  await withTransaction(database, async (tx) => {
    const rows = await lockKeys(tx, companyId)
    if (!rows.some(({ state }) => state === 'retiring') || (await hasStale(tx.orm, companyId))) return
    await tx.orm.update(dataKeys).set({ state: 'retired' }).where(retiring)
  })
}

function keysOf(orm: Database['orm'], companyId: string): Promise<DataKeyRow[]> {
  return orm.select().from(dataKeys).where(eq(dataKeys.companyId, companyId)).orderBy(asc(dataKeys.keyId))
}
