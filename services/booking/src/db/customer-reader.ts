import type { CompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, asc, eq, gt, or, type SQL } from 'drizzle-orm'
import type { CustomerReader, StoredCustomer } from '../app/ports.ts'
import { type CustomerRow, toCustomer } from './mapping.ts'
import { instantAndId, pageOf, parseInstantAndId } from './page-token.ts'
import { customers } from './schema/customers.ts'

/** One company's customers in the database. */
export function createCustomerReader({ orm }: Database, companyId: CompanyId): CustomerReader {
  const ofCompany = eq(customers.companyId, companyId)
  return {
    async get(customerId) {
      const [row] = await orm
        .select()
        .from(customers)
        .where(and(ofCompany, eq(customers.customerId, customerId)))
      return row && toStored(row)
    },

    async list({ limit, pageToken }) {
      const rows = await orm
        .select()
        .from(customers)
        .where(and(ofCompany, pageToken === '' ? undefined : after(parseInstantAndId(pageToken))))
        .orderBy(asc(customers.createdAt), asc(customers.customerId))
        .limit(limit)
      return pageOf(rows, limit, toStored, (row) => instantAndId(row.createdAt, row.customerId))
    },
  }
}

function toStored(row: CustomerRow): StoredCustomer {
  return { ...toCustomer(row), createdAt: row.createdAt }
}

function after({ instant = new Date(0), id }: { instant: Date | undefined; id: string }): SQL | undefined {
  return or(gt(customers.createdAt, instant), and(eq(customers.createdAt, instant), gt(customers.customerId, id)))
}
