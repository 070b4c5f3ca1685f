import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { guests, newCompany, startFixture, visits } from '../../test/fixture.ts'
import { acrossCompanies } from '../across-companies.ts'
import { inspect } from './statements.ts'

const tables = new Set(['visits', 'guests'])

const atom = fc.constantFrom(
  'v.company_id = ?',
  'company_id = ?',
  'g.company_id = ?',
  'v.company_id = g.company_id',
  'g.company_id = v.company_id',
  'v.company_id in (?, ?)',
  '(v.company_id, v.visit_id) in ((?, 1), (?, 2))',
  'v.company_id <> ?',
  'v.visit_id = g.guest_id',
  'v.visit_id = 1',
  'v.title is null',
  'v.visit_id in (1, 2)',
  'case when v.company_id = ? then 1 else v.visit_id end',
  'exists (select 1 from guests x where x.company_id = v.company_id)',
  'exists (select 1 from guests x where x.company_id = ? or 1)',
  '1',
  '0',
)
/** Conditions with and without parentheses, so that the server's precedence decides. */
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: atom },
    { weight: 6, arbitrary: binary(tie('condition'), fc.constantFrom('and', 'and', 'and', 'or', '&&', '||', 'xor', '=')) },
    { weight: 3, arbitrary: tie('condition').map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie('condition').map((inner) => `not ${inner}`) },
    { weight: 1, arbitrary: tie('condition').map((inner) => `v.visit_id between ${inner} and 5`) },
    { weight: 1, arbitrary: binary(tie('condition'), fc.constant('between 0 and')) },
    { weight: 1, arbitrary: tie('condition').map((inner) => `${inner} is not null`) },
  ),
}))
const tableList = fc.oneof(
  fc.constant('visits v'),
  fc.constant('visits v, guests g'),
  fc
    .tuple(fc.constantFrom('join', 'left join', 'right join', 'cross join'), condition)
    .map(([join, on]) => `visits v ${join} guests g on ${on}`),
)

function binary(operand: fc.Arbitrary<string>, operator: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(operand, operator, operand).map(([left, op, right]) => `${left} ${op} ${right}`)
}

function isAccepted(sql: string): boolean {
  try {
    inspect(sql, tables)
    return true
  } catch {
    return false
  }
}

test(
  'of 20,000 random conditions, none that the guard lets pass shows a row of another company on a real server',
  { timeout: 60_000 },
  async () => {
    await using fixture = await startFixture()
    const { orm } = fixture.database
    const [ours, theirs] = [newCompany(), newCompany()]
    const ids = [1, 2, 3]
    const rowsOf = [ours, theirs].flatMap((companyId) => ids.map((id) => ({ companyId, id })))
    await orm.insert(visits).values(rowsOf.map(({ companyId, id }) => ({ companyId, visitId: id, guestId: id })))
    await orm.insert(guests).values(rowsOf.map(({ companyId, id }) => ({ companyId, guestId: id, name: `guest ${id}` })))

    const statements = fc
      .sample(fc.tuple(tableList, condition), { numRuns: 20_000, seed: 20_261_122 })
      .map(
        ([list, where]) =>
          `select v.company_id as visit, ${list === 'visits v' ? 'null' : 'g.company_id'} as guest from ${list} where ${where}`,
      )
    const accepted = [...new Set(statements.filter(isAccepted))]
    const shown = { rows: 0, executed: 0 }
    // The question is what the server makes of the text; the guard has already said yes.
    await acrossCompanies('test', async () => {
      for (const sql of accepted) {
        const text = sql.replaceAll('?', `'${ours}'`)
        const rows = await orm.execute(text).then(
          ([result]) => result as unknown as { visit: string | null; guest: string | null }[],
          () => undefined,
        )
        if (!rows) continue
        shown.executed++
        shown.rows += rows.length
        const others = rows.filter(({ visit, guest }) => visit === theirs || guest === theirs)
        expect(others, sql).toEqual([])
      }
    })
    expect(shown.executed).toBeGreaterThan(300)
    expect(shown.rows).toBeGreaterThan(300)
  },
)
