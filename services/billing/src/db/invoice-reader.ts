import type { CompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, desc, eq, isNull, lt, or } from 'drizzle-orm'
import type { InvoiceReader } from '../app/ports.ts'
import { toInvoice } from './mapping.ts'
import { pageOf, parsePosition, type Position, positionToken } from './page-token.ts'
import { invoices } from './schema/invoices.ts'

/** One company's mirrored invoices in the database. */
export function createInvoiceReader({ orm }: Database, companyId: CompanyId): InvoiceReader {
  return {
    async list({ limit, pageToken }) {
      const rows = await invoicesBefore(orm, companyId, parsePosition(pageToken), limit)
      return pageOf(rows, limit, toInvoice, ({ createdAt, invoiceId }) => positionToken(createdAt, invoiceId))
    },
  }
}

export function invoicesBefore(orm: Database['orm'], companyId: CompanyId, before: Position | undefined, limit: number) {
  const { createdAt, invoiceId } = invoices
  return orm
    .select()
    .from(invoices)
    .where(
      and(
        eq(invoices.companyId, companyId),
        isNull(invoices.missingSince),
        before && or(lt(createdAt, before.instant), and(eq(createdAt, before.instant), lt(invoiceId, before.id))),
      ),
    )
    .orderBy(desc(createdAt), desc(invoiceId))
    .limit(limit)
}
