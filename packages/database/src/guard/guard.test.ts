import { isFrontdeskError } from '@frontdesk/errors'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { describe, expect, test } from 'vitest'
import { metric } from '../../test/fixture.ts'
import { acrossCompanies } from '../across-companies.ts'
import { createGuard } from './guard.ts'
import { createLru } from './lru.ts'

function newGuard() {
  const telemetry = createTestTelemetry()
  return { telemetry, guard: createGuard({ companyTables: new Set(['visits']), telemetry }) }
}

const byCompany = 'select * from visits where company_id = ?'

test.each([0, 1, 0n, true, null, undefined, '', new Date(), Buffer.from('cmp_1'), ['cmp_1']])(
  'a company given as %o is refused: 0 would equal every text',
  (value) => {
    const { guard } = newGuard()
    expect(() => guard.check({ sql: byCompany, params: [value] }, 'data')).toThrow("has to be a company's id")
    expect(() => guard.check({ sql: byCompany, params: [] }, 'data')).toThrow("has to be a company's id")
    expect(() => guard.check({ sql: byCompany, params: ['cmp_1'] }, 'data')).not.toThrow()
  },
)

test('each company of a list is checked, at every run', () => {
  const { guard } = newGuard()
  const sql = 'insert into visits (visit_id, company_id) values (?, ?), (?, ?)'
  expect(() => guard.check({ sql, params: [1, 'cmp_1', 2, 'cmp_2'] }, 'data')).not.toThrow()
  expect(() => guard.check({ sql, params: [1, 'cmp_1', 2, 0] }, 'data')).toThrow('parameter 4')
})

test('a refused statement is an internal error that shows the caller nothing, counted and logged', async () => {
  const { guard, telemetry } = newGuard()
  const check = () => guard.check({ sql: 'select * from visits', params: [] }, 'data')
  expect(check).toThrow(
    expect.toSatisfy((error) => isFrontdeskError(error, 'internal') && !error.publicMessage.includes('visits') && !error.retryable),
  )
  expect(check).toThrow('visits.company_id = ? has to hold')
  expect(await metric(telemetry, 'database_guard_refused_total')).toBe(2)
  expect(telemetry.lines).toContainEqual(expect.objectContaining({ msg: 'the query guard refused a statement' }))
})

describe('acrossCompanies', () => {
  test('lets statements on all companies pass, inside of it alone, and counts them by reason', async () => {
    const { guard, telemetry } = newGuard()
    const check = () => guard.check({ sql: 'select * from visits', params: [] }, 'data')
    await acrossCompanies('sweep', async () => {
      await Promise.resolve()
      expect(check).not.toThrow()
    })
    expect(check).toThrow()
    expect(await metric(telemetry, 'database_across_companies_total', { reason: 'sweep' })).toBe(1)
  })

  test('does not let pass what would break a transaction', async () => {
    const { guard } = newGuard()
    await acrossCompanies('sweep', async () =>
      expect(() => guard.check({ sql: 'truncate visits', params: [] }, 'data')).toThrow('query guard'),
    )
  })
})

test('statements on other tables pass unread, whatever they hold', () => {
  const { guard } = newGuard()
  expect(() => guard.check({ sql: 'select * from counters /* any /* comment', params: [] }, 'data')).not.toThrow()
})

test.each([
  'select @@version',
  'select get_lock(?, 0)',
  'select last_insert_id(5)',
  'set @a = 1',
  'insert into counters (name) values (@a)',
])('%s has its session reset', (sql) => {
  expect(newGuard().guard.check({ sql, params: [] }, 'session').leavesTraces).toBe(true)
})

test.each(['select 1', 'insert into counters (name) values (?)', ' ( select 1 ) union select 2', 'select last_insert_id()'])(
  '%s leaves its session as it was',
  (sql) => {
    expect(newGuard().guard.check({ sql, params: [] }, 'data').leavesTraces).toBe(false)
  },
)

test('the cache holds a bounded number of texts of a bounded length, those used last', () => {
  const lru = createLru<number>({ maxEntries: 3, maxCharacters: 100 })
  for (const [index, text] of ['a', 'b', 'c'].entries()) lru.set(text, index)
  lru.get('a')
  lru.set('d', 3)
  expect(['a', 'b', 'c', 'd'].map((text) => lru.get(text))).toEqual([0, undefined, 2, 3])
  lru.set('x'.repeat(11), 4)
  expect(lru.size).toBe(3)
  const long = Array.from({ length: 50 }, (_, n) => `${'x'.repeat(8)}${n}`.slice(-10))
  const wide = createLru<number>({ maxEntries: 1_000, maxCharacters: 100 })
  for (const text of long) wide.set(text, 1)
  expect(wide.size).toBe(10)
  wide.set(long[49] ?? '', 2)
  expect([wide.size, wide.get(long[49] ?? '')]).toEqual([10, 2])
})

test('a statement of 640 parameters is read in a few milliseconds, once', () => {
  const { guard } = newGuard()
  const row = `(${Array.from({ length: 10 }, () => '?').join(', ')})`
  const columns = ['company_id', ...Array.from({ length: 9 }, (_, n) => `c${n}`)].join(', ')
  const sql = `insert into visits (${columns}) values ${Array.from({ length: 64 }, () => row).join(', ')}`
  const params = Array.from({ length: 640 }, () => 'cmp_1')
  const start = performance.now()
  guard.check({ sql, params }, 'data')
  expect(performance.now() - start).toBeLessThan(100)
  const again = performance.now()
  for (let n = 0; n < 1_000; n++) guard.check({ sql, params }, 'data')
  expect(performance.now() - again).toBeLessThan(100)
})
