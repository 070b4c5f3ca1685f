import type { CompanyId } from '@frontdesk/contracts'
import { acrossCompanies, type Database } from '@frontdesk/database'
import { and, asc, eq, gt, isNull } from 'drizzle-orm'
import type { CompanyStore, IdPage } from '../app/ports.ts'
import { changeDirectory } from './change-directory.ts'
import { toCompany, toSignalRow } from './mapping.ts'
import { companies } from './schema/companies.ts'
import { signals } from './schema/signals.ts'

/** Makes the repository of all companies. */
export function createCompanyRepository(database: Database): CompanyStore {
  return {
    async insert(company, signal) {
      const { id: companyId, deactivatedAt, ...rest } = company
      await changeDirectory(database, async (tx) => {
        await tx.orm.insert(companies).values({ companyId, deactivatedAt: deactivatedAt ?? null, ...rest })
        await tx.orm.insert(signals).values(toSignalRow(companyId, signal))
      })
    },

    async find(companyId: CompanyId) {
      const [row] = await database.orm.select().from(companies).where(eq(companies.companyId, companyId))
      return row && toCompany(row)
    },

    async list(page) {
      const rows = await acrossCompanies('the platform lists its companies', () => companiesAfter(database.orm, page))
      return rows.map(toCompany)
    },

    async deactivate(companyId, at) {
      return changeDirectory(database, async (tx) => {
        const own = eq(companies.companyId, companyId)
        await tx.orm
          .update(companies)
          .set({ deactivatedAt: at })
          .where(and(own, isNull(companies.deactivatedAt)))
        const [row] = await tx.orm.select().from(companies).where(own)
        return row && toCompany(row)
      })
    },
  }
}

export function companiesAfter(orm: Database['orm'], { after, limit }: IdPage) {
  return orm.select().from(companies).where(gt(companies.companyId, after)).orderBy(asc(companies.companyId)).limit(limit)
}
