import { FrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import { reasonAcrossCompanies } from '../across-companies.ts'
import { kindOf, leavesTraces, type StatementKind } from '../statement-kind.ts'
import { createLru } from './lru.ts'
import { inspect, UnscopedError } from './statements.ts'
import { UnreadableError } from './tokens.ts'

/** Stands before every statement of a database. */
export interface Guard {
  /**
   * Lets the statement pass, or not.
   * @throws FrontdeskError internal if it concerns a company's table and does not name the company, or is none of those allowed here
   */
  check(statement: { readonly sql: string; readonly params: readonly unknown[] }, allowed: StatementKind): { leavesTraces: boolean }
}

/** What is known of a text, however often it runs. */
interface Verdict {
  readonly kind: StatementKind
  readonly leavesTraces: boolean
  /** Whether it concerns a company's table at all. */
  readonly ofCompanies: boolean
  /** Parameters that have to be a company's id. */
  readonly companyParams: readonly number[]
  readonly refusal: string | undefined
}

const verdictsKept = 1_000
const charactersKept = 2_000_000
const shownCharacters = 300

/** A guard for these tables; it reads each text once and remembers a bounded number of them. */
export function createGuard({ companyTables, telemetry }: { companyTables: ReadonlySet<string>; telemetry: Telemetry }): Guard {
  const names = new Set([...companyTables].map((name) => name.toLowerCase()))
  const verdicts = createLru<Verdict>({ maxEntries: verdictsKept, maxCharacters: charactersKept })
  const across = telemetry.metrics.counter('database_across_companies_total', 'Statements that concerned all companies.', ['reason'])
  const refused = telemetry.metrics.counter('database_guard_refused_total', 'Statements that the query guard refused.')

  function judge(sql: string): Verdict {
    const lower = sql.toLowerCase()
    const ofCompanies = [...names].some((name) => lower.includes(name))
    const verdict = { kind: kindOf(sql), leavesTraces: leavesTraces(sql), ofCompanies, companyParams: [], refusal: undefined }
    if (!ofCompanies) return verdict
    try {
      return { ...verdict, ...inspect(sql, names) }
    } catch (error) {
      if (!(error instanceof UnscopedError || error instanceof UnreadableError)) throw error
      return { ...verdict, refusal: error.message }
    }
  }

  function refuse(why: string, sql: string): FrontdeskError {
    refused.inc()
    const error = new FrontdeskError('internal', {
      publicMessage: 'Something went wrong on our side.',
      detail: `query guard: ${why}: ${sql.slice(0, shownCharacters)}`,
    })
    telemetry.logger.error({ err: error }, 'the query guard refused a statement')
    return error
  }

  return {
    check({ sql, params }, allowed) {
      const verdict = verdicts.get(sql) ?? verdicts.set(sql, judge(sql))
      if (allowed === 'data' && verdict.kind !== 'data') {
        throw refuse('only reads and writes of rows run here; use withTransaction or a migration', sql)
      }
      if (!verdict.ofCompanies) return verdict
      const reason = reasonAcrossCompanies()
      if (reason !== undefined) {
        across.inc({ reason })
        return verdict
      }
      if (verdict.refusal !== undefined) throw refuse(verdict.refusal, sql)
      for (const position of verdict.companyParams) {
        const value = params[position]
        if (typeof value !== 'string' || value === '')
          throw refuse(`parameter ${position + 1} has to be a company's id, not ${typeof value}`, sql)
      }
      return verdict
    },
  }
}
