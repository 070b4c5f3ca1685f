import { acrossCompanies, type Database, type Transaction, withTransaction } from '@frontdesk/database'
import { and, count, desc, eq, isNull, sql } from 'drizzle-orm'
import type { NewRotation } from '../app/key-ports.ts'
import type { KeyRotation, RotationScope } from '../domain/key-rotation.ts'
import { companies } from './schema/companies.ts'
import { keyRotations } from './schema/key-rotations.ts'

/** A rotation's row. */
export type RotationRow = typeof keyRotations.$inferSelect

/** What a commit adds to a rotation's figures. */
export type Progress = Partial<Pick<KeyRotation, 'companiesDone' | 'dataKeysMade' | 'dataKeysRewrapped' | 'secretsResealed' | 'failures'>>

/** The rotation of that id, the unfinished one of the same scope, or a new one. */
export async function beginRotation(database: Database, { id: rotationId, ...rotation }: NewRotation): Promise<RotationRow> {
  const known = (await findRotation(database.orm, rotationId)) ?? (await findUnfinished(database.orm, rotation))
  if (known) return known
  const { target, companyId, startedBy, startedAt } = rotation
  const companiesTotal = companyId === undefined ? await countCompanies(database.orm) : 1
  await database.orm
    .insert(keyRotations)
    .values({ rotationId, target, onlyCompany: companyId ?? null, startedBy, startedAt, companiesTotal })
    // The same call, made twice at once.
    .onDuplicateKeyUpdate({ set: { rotationId } })
  return rotationById(database.orm, rotationId)
}

/** @throws TypeError if it is not there. */
export async function rotationById(orm: Database['orm'], rotationId: string): Promise<RotationRow> {
  const row = await findRotation(orm, rotationId)
  if (!row) throw new TypeError(`there is no key rotation ${rotationId}`)
  return row
}

/** Adds to the rotation's figures, in the commit of what it has done. */
export async function addProgress(tx: Transaction, rotationId: string, progress: Progress): Promise<void> {
  const added = Object.entries(progress).filter(([, by]) => by > 0)
  if (added.length === 0) return
  const raised = added.map(([name, by]) => [name, sql`${keyRotations[name as keyof Progress]} + ${by}`])
  await tx.orm
    .update(keyRotations)
    .set(Object.fromEntries(raised) as Record<keyof Progress, ReturnType<typeof sql>>)
    .where(eq(keyRotations.rotationId, rotationId))
}

/** Moves on behind the companies that are done, unless another process has. */
export async function moveOn(database: Database, row: RotationRow, doneThrough: string, done: Progress): Promise<void> {
  await withTransaction(database, async (tx) => {
    if ((await changeUnmoved(tx, row, { doneThrough })) > 0) await addProgress(tx, row.rotationId, done)
  })
}

/** Ends the rotation, or begins its next pass, unless another process has. */
export async function endPass(database: Database, row: RotationRow, next: { finishedAt: Date } | 'again'): Promise<void> {
  const again = { doneThrough: '', pass: row.pass + 1, companiesDone: 0, failures: 0 }
  await withTransaction(database, (tx) => changeUnmoved(tx, row, next === 'again' ? again : next))
}

/** The newest rotations, the newest first. */
export function newestRotations(orm: Database['orm'], limit: number): Promise<RotationRow[]> {
  return orm.select().from(keyRotations).orderBy(desc(keyRotations.startedAt), desc(keyRotations.rotationId)).limit(limit)
}

/** A row as the application knows it. */
export function toKeyRotation({ rotationId: id, onlyCompany, finishedAt, doneThrough: _d, pass: _p, ...row }: RotationRow): KeyRotation {
  return { ...row, id, companyId: onlyCompany ?? undefined, finishedAt: finishedAt ?? undefined }
}

async function changeUnmoved(
  tx: Transaction,
  { rotationId, doneThrough, pass }: RotationRow,
  change: Partial<RotationRow>,
): Promise<number> {
  const unmoved = and(
    eq(keyRotations.rotationId, rotationId),
    eq(keyRotations.doneThrough, doneThrough),
    eq(keyRotations.pass, pass),
    isNull(keyRotations.finishedAt),
  )
  const [{ affectedRows }] = await tx.orm.update(keyRotations).set(change).where(unmoved)
  return affectedRows
}

async function findRotation(orm: Database['orm'], rotationId: string): Promise<RotationRow | undefined> {
  const [row] = await orm.select().from(keyRotations).where(eq(keyRotations.rotationId, rotationId))
  return row
}

async function findUnfinished(orm: Database['orm'], { target, companyId }: RotationScope): Promise<RotationRow | undefined> {
  const ofScope = companyId === undefined ? isNull(keyRotations.onlyCompany) : eq(keyRotations.onlyCompany, companyId)
  const [row] = await orm
    .select()
    .from(keyRotations)
    .where(and(isNull(keyRotations.finishedAt), eq(keyRotations.target, target), ofScope))
    .orderBy(desc(keyRotations.startedAt))
    .limit(1)
  return row
}

async function countCompanies(orm: Database['orm']): Promise<number> {
  const [row] = await acrossCompanies('a rotation goes through every company', () => orm.select({ found: count() }).from(companies))
  return row?.found ?? 0
}
