import type { CompanyId } from '@frontdesk/contracts'
import { padded, type Transaction } from '@frontdesk/database'
import { inArray } from 'drizzle-orm'
import { accounts } from './schema/accounts.ts'

/** The companies' ids at the payment provider, for a worker that serves all of them; one without an account is left out. */
export async function customersOf({ orm }: Transaction, companyIds: readonly CompanyId[]): Promise<Map<CompanyId, string>> {
  const rows = await orm
    .select({ companyId: accounts.companyId, customerId: accounts.customerId })
    .from(accounts)
    .where(inArray(accounts.companyId, padded([...new Set(companyIds)])))
  return new Map(rows.flatMap(({ companyId, customerId }) => (customerId === null ? [] : [[companyId, customerId] as const])))
}
