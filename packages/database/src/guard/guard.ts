import type { Telemetry } from '@frontdesk/telemetry'
import { kindOf, leavesTraces } from '../statement-kind.ts'

export interface Guard { check(statement: { sql: string; params: readonly unknown[] }, allowed: 'data' | 'any'): Promise<{ leavesTraces: boolean }> }

export function createGuard(_options: { companyTables: ReadonlySet<string>; telemetry: Telemetry }): Guard {
  return {
    async check({ sql }, allowed) {
      if (allowed === 'data' && kindOf(sql) !== 'data') throw new TypeError('not here')
      return { leavesTraces: leavesTraces(sql) }
    },
  }
}
