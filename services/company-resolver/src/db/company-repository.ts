import type { CompanyId } from '@frontdesk/contracts'
import { acrossCompanies, type Database } from '@frontdesk/database'
import { asc, eq, gt } from 'drizzle-orm'
import type { CompanyStore, IdPage } from '../app/ports.ts'
import { changeDirectory } from './change-directory.ts'
import type { Journal } from './journal.ts'
import { toCompany, toSignalRow } from './mapping.ts'
import { companies } from './schema/companies.ts'
import { signals } from './schema/signals.ts'

/** Makes the repository of all companies. */
export function createCompanyRepository(database: Database, journal: Journal): CompanyStore {
  return {
    async insert(company, signal, by) {
      const { id: companyId, deactivatedAt, ...rest } = company
      await changeDirectory(database, async (tx) => {
        await tx.orm.insert(companies).values({ companyId, deactivatedAt: deactivatedAt ?? null, ...rest })
        await tx.orm.insert(signals).values(toSignalRow(companyId, signal))
        await journal.record(tx, by, [
          { kind: 'company', before: undefined, after: company },
          { kind: 'signal', before: undefined, after: signal },
        ])
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

    async change(companyId, change, by) {
      const own = eq(companies.companyId, companyId)
      return changeDirectory(database, async (tx) => {
        const [row] = await tx.orm.select().from(companies).where(own)
        if (!row) return undefined
        const before = toCompany(row)
        const after = change(before)
        if (after === before) return before
        const { name, timeZone, deactivatedAt } = after
        await tx.orm
          .update(companies)
          .set({ name, timeZone, deactivatedAt: deactivatedAt ?? null })
          .where(own)
        await journal.record(tx, by, [{ kind: 'company', before, after }])
        return after
      })
    },
  }
}

export function companiesAfter(orm: Database['orm'], { after, limit }: IdPage) {
  return orm.select().from(companies).where(gt(companies.companyId, after)).orderBy(asc(companies.companyId)).limit(limit)
}
