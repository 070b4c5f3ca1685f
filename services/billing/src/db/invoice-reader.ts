import type { CompanyId } from '@frontdesk/contracts'
import { type Database, keyset, pageOf, positionToken } from '@frontdesk/database'
import { and, eq, isNull } from 'drizzle-orm'
import type { InvoiceReader, PageRequest } from '../app/ports.ts'
import { toInvoice } from './mapping.ts'
import { invoices } from './schema/invoices.ts'

/** One company's mirrored invoices in the database. */
export function createInvoiceReader({ orm }: Database, companyId: CompanyId): InvoiceReader {
  return {
    async list({ limit, pageToken }) {
      const rows = await invoicesOf(orm, companyId, { limit, pageToken })
      return pageOf(rows, limit, toInvoice, ({ createdAt, invoiceId }) => positionToken({ instant: createdAt, id: invoiceId }))
    },
  }
}

/** A page of ListInvoices. */
export function invoicesOf(orm: Database['orm'], companyId: CompanyId, { limit, pageToken }: PageRequest) {
  const { order, behind } = keyset(invoices.createdAt, invoices.invoiceId, 'latest first')
  return orm
    .select()
    .from(invoices)
    .where(and(eq(invoices.companyId, companyId), isNull(invoices.missingSince), behind(pageToken)))
    .orderBy(...order)
    .limit(limit)
}
