import type { CompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, asc, eq, gt } from 'drizzle-orm'
import type { BranchStore, IdPage } from '../app/ports.ts'
import { changeDirectory } from './change-directory.ts'
import type { Journal } from './journal.ts'
import { toBranch } from './mapping.ts'
import { branches } from './schema/branches.ts'

/** Makes the repository of one company's branches. */
export function createBranchRepository(database: Database, journal: Journal, companyId: CompanyId): BranchStore {
  const ownBranch = (branchId: string) => and(eq(branches.companyId, companyId), eq(branches.branchId, branchId))
  return {
    async insert(branch, by) {
      const { id: branchId, deactivatedAt, ...rest } = branch
      await changeDirectory(database, async (tx) => {
        await tx.orm.insert(branches).values({ ...rest, companyId, branchId, deactivatedAt: deactivatedAt ?? null })
        await journal.record(tx, by, [{ kind: 'branch', before: undefined, after: branch }])
      })
    },

    async find(branchId) {
      const [row] = await database.orm.select().from(branches).where(ownBranch(branchId))
      return row && toBranch(row)
    },

    async list(page) {
      const rows = await branchesAfter(database.orm, companyId, page)
      return rows.map(toBranch)
    },

    async change(branchId, change, by) {
      return changeDirectory(database, async (tx) => {
        const [row] = await tx.orm.select().from(branches).where(ownBranch(branchId))
        if (!row) return undefined
        const before = toBranch(row)
        const after = change(before)
        if (after === before) return before
        const { name, timeZone, deactivatedAt } = after
        await tx.orm
          .update(branches)
          .set({ name, timeZone, deactivatedAt: deactivatedAt ?? null })
          .where(ownBranch(branchId))
        await journal.record(tx, by, [{ kind: 'branch', before, after }])
        return after
      })
    },
  }
}

export function branchesAfter(orm: Database['orm'], companyId: CompanyId, { after, limit }: IdPage) {
  return orm
    .select()
    .from(branches)
    .where(and(eq(branches.companyId, companyId), gt(branches.branchId, after)))
    .orderBy(asc(branches.branchId))
    .limit(limit)
}
