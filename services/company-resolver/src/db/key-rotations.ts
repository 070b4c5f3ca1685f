import { acrossCompanies, type Database, padded } from '@frontdesk/database'
import { and, asc, count, eq, gt, inArray, lt, ne } from 'drizzle-orm'
import type { KeyRotations } from '../app/key-ports.ts'
import { afterPass } from '../domain/key-rotation.ts'
import { beginRotation, endPass, moveOn, rotationById, type RotationRow, toKeyRotation } from './key-rotation-table.ts'
import { isDue, rotateCompany, type RotateCompanyDependencies } from './rotate-company.ts'
import { companies } from './schema/companies.ts'
import { dataKeys } from './schema/data-keys.ts'
import { staleByCompany } from './sealed-connections.ts'

const companiesOfPage = 50
const reason = 'a rotation goes through every company'

/** Makes the rotations: each goes through the companies by their ids, and where it is stands in its row. */
export function createKeyRotations(deps: RotateCompanyDependencies): KeyRotations {
  const { database, keyEncryption, now } = deps

  async function nextPage(rotation: RotationRow): Promise<void> {
    const page = await companiesBehind(database, rotation)
    const last = page.at(-1)
    if (last === undefined) return endOfPass(rotation)
    const due = await dueOf(page, rotation)
    let failures = 0
    // One company after the other: the rotation is to leave room for everybody else.
    for (const companyId of due) failures += await rotateCompany(deps, rotation, companyId)
    await moveOn(database, rotation, last, { companiesDone: page.length, failures })
  }

  /** Others may have left something behind us: a service of an older release, or of another key ring. */
  async function endOfPass(rotation: RotationRow): Promise<void> {
    const { pass, failures } = rotation
    const what = afterPass({ pass, failures, left: await countLeft(rotation) })
    await endPass(database, rotation, what === 'again' ? what : { finishedAt: now() })
  }

  async function dueOf(page: readonly string[], rotation: RotationRow): Promise<string[]> {
    const { target } = rotation
    const [keys, stale, currentKekId] = await Promise.all([
      keysOfAll(database, page),
      staleByCompany(database, page),
      keyEncryption.currentKekId(),
    ])
    const due = keys.filter(
      (key) => key.state === 'retiring' || (target === 'kek' ? key.kekId !== currentKekId : key.state === 'active' && isDue(rotation, key)),
    )
    const ids = new Set([...due.map(({ companyId }) => companyId), ...stale.keys()])
    return page.filter((companyId) => ids.has(companyId))
  }

  async function countLeft({ target, startedAt, onlyCompany }: RotationRow): Promise<number> {
    const old =
      target === 'kek'
        ? ne(dataKeys.kekId, await keyEncryption.currentKekId())
        : and(eq(dataKeys.state, 'active'), lt(dataKeys.createdAt, startedAt))
    const [[keys], stale] = await Promise.all([
      acrossCompanies(reason, () =>
        database.orm
          .select({ found: count() })
          .from(dataKeys)
          .where(and(ofScope(onlyCompany), old)),
      ),
      staleByCompany(database, onlyCompany === null ? 'all' : [onlyCompany]),
    ])
    return (keys?.found ?? 0) + [...stale.values()].reduce((sum, found) => sum + found, 0)
  }

  return {
    begin: async (rotation) => toKeyRotation(await beginRotation(database, rotation)),

    async advance(rotationId, workMs) {
      const until = performance.now() + workMs
      let rotation = await rotationById(database.orm, rotationId)
      while (!rotation.finishedAt && performance.now() < until) {
        // Each page begins where the last one has ended, here or in another process.
        await nextPage(rotation)
        rotation = await rotationById(database.orm, rotationId)
      }
      return toKeyRotation(rotation)
    },
  }
}

async function companiesBehind(database: Database, { doneThrough, onlyCompany }: RotationRow): Promise<string[]> {
  const own = onlyCompany === null ? undefined : eq(companies.companyId, onlyCompany)
  const rows = await acrossCompanies(reason, () =>
    database.orm
      .select({ companyId: companies.companyId })
      .from(companies)
      .where(and(gt(companies.companyId, doneThrough), own))
      .orderBy(asc(companies.companyId))
      .limit(companiesOfPage),
  )
  return rows.map(({ companyId }) => companyId)
}

function keysOfAll(database: Database, companyIds: readonly string[]) {
  return acrossCompanies(reason, () =>
    database.orm
      .select()
      .from(dataKeys)
      .where(inArray(dataKeys.companyId, padded(companyIds))),
  )
}

function ofScope(onlyCompany: string | null) {
  return onlyCompany === null ? undefined : eq(dataKeys.companyId, onlyCompany)
}
