import type { CompanyId } from '@frontdesk/contracts'
import { type Database, keyset, pageOf, positionToken } from '@frontdesk/database'
import { and, eq } from 'drizzle-orm'
import type { CustomerReader, StoredCustomer } from '../app/ports.ts'
import { type CustomerRow, toCustomer } from './mapping.ts'
import { customers } from './schema/customers.ts'

/** One company's customers in the database. */
export function createCustomerReader({ orm }: Database, companyId: CompanyId): CustomerReader {
  const ofCompany = eq(customers.companyId, companyId)
  const { order, behind } = keyset(customers.createdAt, customers.customerId, 'earliest first')
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
        .where(and(ofCompany, behind(pageToken)))
        .orderBy(...order)
        .limit(limit)
      return pageOf(rows, limit, toStored, ({ createdAt, customerId }) => positionToken({ instant: createdAt, id: customerId }))
    },
  }
}

function toStored(row: CustomerRow): StoredCustomer {
  return { ...toCustomer(row), createdAt: row.createdAt }
}
