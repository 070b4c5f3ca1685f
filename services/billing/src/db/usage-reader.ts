import type { CompanyId } from '@frontdesk/contracts'
import { type Database, keyset, pageOf, positionToken } from '@frontdesk/database'
import { and, asc, eq, gt, gte, lt, or, type SQL, sql } from 'drizzle-orm'
import type { UsageQuery, UsageReader } from '../app/ports.ts'
import type { Boundary, LineKind } from '../domain/invoice-lines.ts'
import type { Period } from '../domain/period.ts'
import type { UsageKind } from '../domain/usage.ts'
import { toListedUsage } from './mapping.ts'
import { usageRecords } from './schema/usage-records.ts'

type Orm = Database['orm']

/** One company's usage in the database. */
export function createUsageReader({ orm }: Database, companyId: CompanyId): UsageReader {
  return {
    async totals(period, includedMinutes) {
      const rows = await totalsOf(orm, companyId, period, includedMinutes)
      const of = (kind: UsageKind) => rows.find((row) => row.kind === kind)
      const [calls, messages] = [of('call_minutes'), of('messages')]
      return {
        minutes: calls?.quantity ?? 0,
        recordsOfIncludedMinutes: calls?.included ?? 0,
        recordsOfFurtherMinutes: calls?.further ?? 0,
        messages: messages?.quantity ?? 0,
        recordsOfMessages: messages?.records ?? 0,
      }
    },

    async boundary(period, includedMinutes) {
      const [row] = await boundaryOf(orm, companyId, period, includedMinutes)
      if (!row) return undefined
      const { usageId, usedAt, quantity, sum } = row
      const furtherPart = sum - includedMinutes
      return { usageId, usedAt, furtherPart, includedPart: quantity - furtherPart }
    },

    async list(query) {
      const rows = await usageAfter(orm, companyId, query)
      return pageOf(rows, query.limit, toListedUsage, ({ usedAt, usageId }) => positionToken({ instant: usedAt, id: usageId }))
    },
  }
}

const { kind, quantity, usedAt, usageId } = usageRecords
const inOrder = keyset(usedAt, usageId, 'earliest first')

/** What was used, without the rows that only say that a correction took everything back. */
function used(companyId: CompanyId, period: Period, kindIs: SQL | undefined) {
  return and(eq(usageRecords.companyId, companyId), kindIs, gte(usedAt, period.start), lt(usedAt, period.end), gt(quantity, 0))
}

/** Each record with the sum of its kind's quantities up to and with itself, in the order of use. */
function runningSums(orm: Orm, companyId: CompanyId, period: Period, kindIs: SQL | undefined) {
  return orm
    .select({
      kind: usageRecords.kind,
      usageId: usageRecords.usageId,
      usedAt: usageRecords.usedAt,
      quantity: usageRecords.quantity,
      sum: sql`sum(${quantity}) over (partition by ${kind} order by ${usedAt}, ${usageId})`.mapWith(Number).as('running_sum'),
    })
    .from(usageRecords)
    .where(used(companyId, period, kindIs))
    .as('sums')
}

const anyKind = sql`${kind} in ('call_minutes', 'messages')`
const ofCalls = eq(kind, 'call_minutes')

/** Everything that an invoice adds up, in one statement. */
export function totalsOf(orm: Orm, companyId: CompanyId, period: Period, includedMinutes: number) {
  const sums = runningSums(orm, companyId, period, anyKind)
  return orm
    .select({
      kind: sums.kind,
      records: sql`count(*)`.mapWith(Number),
      quantity: sql`sum(${sums.quantity})`.mapWith(Number),
      included: sql`sum(${sums.sum} - ${sums.quantity} < ${includedMinutes})`.mapWith(Number),
      further: sql`sum(${sums.sum} > ${includedMinutes})`.mapWith(Number),
    })
    .from(sums)
    .groupBy(sums.kind)
}

/** The first call with which the included minutes are used up. */
export function boundaryOf(orm: Orm, companyId: CompanyId, period: Period, includedMinutes: number) {
  const sums = runningSums(orm, companyId, period, ofCalls)
  return orm
    .select({ usageId: sums.usageId, usedAt: sums.usedAt, quantity: sums.quantity, sum: sums.sum })
    .from(sums)
    .where(sql`${sums.sum} >= ${includedMinutes}`)
    .orderBy(asc(sums.usedAt), asc(sums.usageId))
    .limit(1)
}

export function usageAfter(orm: Orm, companyId: CompanyId, { period, line, boundary, limit, pageToken }: UsageQuery) {
  return orm
    .select()
    .from(usageRecords)
    .where(and(used(companyId, period, kindOf(line)), withinLine(line, boundary), inOrder.behind(pageToken)))
    .orderBy(...inOrder.order)
    .limit(limit)
}

function kindOf(line: LineKind | undefined): SQL | undefined {
  if (line === undefined) return undefined
  return line === 'messages' ? eq(kind, 'messages') : ofCalls
}

/** The included minutes end with the boundary, and the further ones begin with it, if any of it counts for them. */
function withinLine(line: LineKind | undefined, boundary: Boundary | undefined): SQL | undefined {
  if (line === 'included_minutes') return boundary && upTo(boundary, boundary.includedPart > 0)
  if (line !== 'further_minutes') return undefined
  return boundary
    ? or(inOrder.beyond(positionOf(boundary)), boundary.furtherPart > 0 ? eq(usageId, boundary.usageId) : undefined)
    : sql`false`
}

const positionOf = ({ usedAt: instant, usageId: id }: Boundary) => ({ instant, id })

function upTo(boundary: Boundary, inclusive: boolean): SQL | undefined {
  const { usedAt: instant, usageId: id } = boundary
  return or(lt(usedAt, instant), and(eq(usedAt, instant), lt(usageId, id)), inclusive ? eq(usageId, id) : undefined)
}
