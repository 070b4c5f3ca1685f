import { describe, expect, test } from 'vitest'
import { inspect, UnscopedError } from './statements.ts'
import { UnreadableError } from './tokens.ts'

const tables = new Set(['visits', 'guests'])

/** The positions of the parameters that have to be company ids. */
function companyParams(sql: string): readonly number[] {
  return inspect(sql, tables).companyParams
}

function refusal(sql: string): unknown {
  try {
    return inspect(sql, tables)
  } catch (error) {
    return error
  }
}

describe('passes, and tells which parameters are companies', () => {
  test.each<[string, number[]]>([
    // The forms of a predicate.
    ['select * from visits where company_id = ?', [0]],
    ['SELECT * FROM `visits` WHERE (`visits`.`company_id` = ? AND `visits`.`title` = ?) LIMIT ? OFFSET ?', [0]],
    ['select * from visits where ? = company_id', [0]],
    ["select * from visits where company_id = 'cmp_1'", []],
    ['select * from visits where ((title = ?) and ((company_id = ?)))', [1]],
    ['select * from visits where title = ? && company_id = ?', [1]],
    ['select * from visits where company_id in (?, ?, ?)', [0, 1, 2]],
    ['select * from visits where (company_id, visit_id) in ((?, ?), (?, ?))', [0, 2]],
    ['select * from visits where (visit_id, company_id) = (?, ?)', [1]],
    ['select * from visits v where visit_id between ? and ? and v.company_id = ?', [2]],
    ['select * from visits where company_id = ? and (title = ? or visit_id > ? and starts_at is null) and not guest_id in (?)', [0]],
    ['select case when a or b then 1 else 2 end from visits where company_id = ? order by case title when ? then 1 end', [0]],
    ['select * from `shop`.`visits` where company_id = ?;', [0]],
    // Joins.
    ['select * from visits v join guests g on g.company_id = v.company_id and g.guest_id = v.guest_id where v.company_id = ?', [0]],
    ['select * from visits v left join guests g on v.company_id = g.company_id where v.company_id = ?', [0]],
    ['select * from visits v right outer join guests g on v.company_id = g.company_id where g.company_id = ?', [0]],
    ['select * from visits v, guests g where v.company_id = ? and g.company_id = ?', [0, 1]],
    ['select * from visits join guests using (company_id, guest_id) where visits.company_id = ?', [0]],
    ['select * from counters c left join visits v on v.company_id = ? where left(c.name, 3) = v.title', [0]],
    ['select * from outbox o join visits v on v.company_id = o.company_id where o.company_id = ?', [0]],
    // Sub-queries, unions, CTEs.
    ['select * from visits v where v.company_id = ? and exists (select 1 from guests g where g.company_id = v.company_id)', [0]],
    ['select * from visits where company_id = ? and guest_id in (select guest_id from guests where company_id = ?)', [0, 1]],
    ['select (select count(*) from guests where guests.company_id = visits.company_id) from visits where company_id = ?', [0]],
    ['select * from (select * from visits where company_id = ?) as recent', [0]],
    ['select 1 from visits where company_id = ? union all (select 2 from guests where company_id = ?) order by 1 limit 3', [0, 1]],
    ['(select 1 from visits where company_id = ?) union select 2', [0]],
    ['with recent (a) as (select visit_id from visits where company_id = ?) select * from recent', [0]],
    ['select (select count(*) from `visits` where `visits`.`company_id` = ?)', [0]],
    // Locks, hints, windows, EXPLAIN.
    ['select * from visits where company_id = ? for update skip locked', [0]],
    ['select * from visits force index (visits_starts_at) where company_id = ? lock in share mode', [0]],
    ['select sum(1) over (partition by title order by visit_id) from visits where company_id = ? group by title having count(*) > 1', [0]],
    ['explain format = json select * from visits where company_id = ?', [0]],
    ['explain update visits set title = ? where company_id = ?', [1]],
    ['describe visits', []],
    ['show create table visits', []],
    // Writes.
    ['insert into `visits` (`company_id`, `visit_id`, `title`) values (?, ?, default), (?, ?, default)', [0, 2]],
    ['insert into visits (visit_id, company_id) values (?, ?) on duplicate key update title = values(title), visit_id = visit_id', [1]],
    ['insert into visits (company_id) values (?) on duplicate key update company_id = company_id', [0]],
    ['insert into visits (company_id) values (?) on duplicate key update `company_id` = values(`company_id`)', [0]],
    ['insert into visits (company_id) values (?) on duplicate key update title = if(values(size) > size, values(title), title)', [0]],
    [
      'insert into visits (company_id, visit_id) values (?, (select max(guest_id) from guests where company_id = ?)) returning visit_id',
      [0, 1],
    ],
    ['insert into visits (company_id, visit_id) select company_id, guest_id from guests where company_id = ?', [0]],
    ['insert into visits (company_id, visit_id) select ?, guest_id from guests g where g.company_id = ?', [1, 0]],
    ['insert into counters (name) select title from visits where company_id = ?', [0]],
    ['insert into counters (name) values ((select title from visits where company_id = ? limit 1))', [0]],
    ['update visits set title = ?, size = size + 1 where company_id = ? and visit_id in (?, ?) order by visit_id limit ?', [1]],
    ['update visits v inner join guests g on g.company_id = v.company_id set v.title = g.name where v.company_id = ?', [0]],
    ['update visits set title = case visit_id when ? then ? else title end where company_id = ?', [2]],
    ['delete from visits where company_id = ? limit 10', [0]],
    ['delete visits from visits join guests on guests.company_id = visits.company_id where guests.company_id = ?', [0]],
  ])('%s', (sql, params) => {
    expect(companyParams(sql).toSorted()).toEqual(params.toSorted())
  })
})

describe('refuses what could reach another company', () => {
  test.each([
    // No predicate, or one that is none.
    'select * from visits',
    'select * from VISITS',
    'select count(*) from `visits`',
    'select * from visits where title = ?',
    'select * from visits where company_id = 0',
    'select * from visits where company_id = 1.5',
    "select * from visits where company_id = ''",
    "select * from visits where company_id = 'a' 'b'",
    'select * from visits where company_id = company_id',
    'select * from visits where company_id = concat(?)',
    'select * from visits where company_id = (?)',
    'select * from visits where company_id = @company',
    'select * from visits where company_id = ? = 0',
    'select * from visits where company_id = ? is null',
    'select * from visits where company_id = ? + 0',
    'select * from visits where company_id = ? collate utf8mb4_general_ci',
    'select * from visits where company_id <> ?',
    'select * from visits where company_id >= ?',
    'select * from visits where company_id like ?',
    'select * from visits where company_id is not null',
    'select * from visits where not company_id = ?',
    'select * from visits where !(company_id = ?)',
    'select * from visits where not (company_id = ? and title = ?)',
    'select * from visits where (company_id = ?) = 0',
    'select * from visits where company_id not in (?)',
    'select * from visits where company_id in (?, 0)',
    'select * from visits where company_id in ()',
    'select * from visits where company_id in (select company_id from outbox)',
    'select * from visits where (company_id, visit_id) in ((?, ?), (0, ?))',
    'select * from visits where (company_id, visit_id) in (select ?, ?)',
    'select * from visits where if(company_id = ?, 1, 1)',
    'select * from visits where case when company_id = ? then 1 else 1 end',
    'select * from visits having company_id = ?',
    'select * from visits order by company_id = ?',
    'select company_id = ? from visits',
    // OR at the root, however it is written.
    'select * from visits where company_id = ? or 1 = 1',
    'select * from visits where (company_id = ? or title = ?)',
    'select * from visits where title = ? or visit_id = ? and company_id = ?',
    'select * from visits where company_id = ? and title = ? or visit_id = ?',
    'select * from visits where company_id = ? and visit_id between 1 and 2 or 1',
    'select * from visits where visit_id between 1 and company_id = ?',
    'select * from visits where company_id = ? || 1',
    'select * from visits where company_id = ? and 1 || 1',
    'select * from visits where company_id = ? xor title = ?',
    'select * from visits where company_id = ? or company_id = ?',
    'select * from visits where (@x := company_id = ?)',
    // Joins.
    'select * from visits v join guests g on g.guest_id = v.guest_id where v.company_id = ?',
    'select * from visits, guests where company_id = ?',
    'select * from visits v, guests g where v.company_id = ?',
    'select * from visits v left join guests g on v.company_id = ? and g.company_id = v.company_id',
    'select * from visits v left join guests g on g.company_id = v.company_id where g.name = ?',
    'select * from visits v right join guests g on g.company_id = ? and v.company_id = ?',
    'select * from visits v left join guests g on g.company_id = v.company_id or 1 where v.company_id = ?',
    'select * from visits v join guests g on g.company_id <> v.company_id where v.company_id = ?',
    'select * from visits v join guests g using (guest_id) where v.company_id = ?',
    'select * from visits v natural join guests g where v.company_id = ?',
    'select * from (visits v join guests g on g.guest_id = v.guest_id) where v.company_id = ?',
    'select * from visits v cross join guests where v.company_id = ?',
    'select * from visits, other.visits where visits.company_id = ?',
    'select * from visits v join counters c on c.company_id = v.company_id',
    // Sub-queries, unions, CTEs.
    'select (select count(*) from guests) from visits where company_id = ?',
    'select * from visits where company_id = ? and guest_id in (select guest_id from guests)',
    'select * from counters where value in (select visit_id from visits)',
    'select * from visits v where v.company_id = ? and exists (select 1 from guests g where v.company_id = ?)',
    'select * from visits where (select 1 from outbox where 1 and company_id = ?)',
    'select * from visits where (select 1 and company_id = ?)',
    'select * from visits v where exists (select 1 from guests g where g.company_id = v.company_id)',
    'select * from visits v where v.company_id = ? and exists (select 1 from guests v where v.name = ?)',
    'select * from (select * from visits) v where v.company_id = ?',
    'select * from (select * from visits v where v.company_id = ?) s join guests g on g.company_id = s.company_id',
    'select * from counters c left join lateral (select * from visits) v on true where v.company_id = ?',
    'select 1 from visits where company_id = ? union select 1 from guests',
    'select 1 union all select 2 union select 1 from guests',
    '(select 1 from visits where company_id = ?) union (select 1 from guests)',
    'with v as (select * from visits) select * from v where company_id = ?',
    'with visits as (select 1) select * from visits where company_id = ?',
    'with v as (select 1) delete from visits where company_id = ?',
    'with recursive v as (select 1 union all select visit_id from visits) select * from v',
    'select * from visits where company_id = ? order by (select name from guests limit 1)',
    'select * from visits where company_id = ? limit 1 into outfile "x" union select * from guests',
    // Inserts.
    'insert into visits values (?, ?)',
    'insert into visits (visit_id) values (?)',
    'insert into visits (company_id, visit_id) values (0, ?)',
    'insert into visits (company_id, visit_id) values (?, ?), (default, ?)',
    'insert into visits (company_id, visit_id) values (upper(?), ?)',
    'insert into visits (company_id, visit_id) values ((select company_id from outbox limit 1), ?)',
    'insert into visits set company_id = ?',
    'insert into visits (company_id, visit_id) select company_id, guest_id from guests',
    'insert into visits (company_id, visit_id) select name, guest_id from guests where company_id = ?',
    'insert into visits (company_id, visit_id) select c.company_id, g.guest_id from guests g, counters c where g.company_id = ?',
    'insert into visits (company_id) select ? union select company_id from guests where company_id = ?',
    'insert into counters (name) select title from visits',
    'insert into counters (name) values ((select title from visits limit 1))',
    'insert into visits (company_id) values (?) on duplicate key update company_id = ?',
    'insert into visits (company_id) values (?) on duplicate key update title = ?, visits.company_id = concat(company_id)',
    'insert into visits (company_id) values (?) on duplicate key update title = (select name from guests limit 1)',
    'replace into visits (company_id, visit_id) values (?, ?)',
    // Updates and deletes.
    'update visits set title = ?',
    'update visits set title = ? where visit_id = ?',
    'update visits set title = ? where company_id = ? or 1',
    'update visits set company_id = ? where company_id = ?',
    'update visits v set title = ?, v.company_id = ? where v.company_id = ?',
    'update visits, guests set visits.title = guests.name where visits.company_id = ?',
    'update counters set value = (select max(visit_id) from visits)',
    'update visits set title = (select name from guests limit 1) where company_id = ?',
    'delete from visits',
    'delete from visits where visit_id = ?',
    'delete visits from visits join guests on guests.guest_id = visits.guest_id where guests.company_id = ?',
    'delete from visits using visits join guests where visits.company_id = ?',
    'delete from counters where value in (select visit_id from visits)',
    'explain analyze select * from visits',
    // Text that nobody can be sure of.
    'truncate visits',
    'table visits',
    'select * from counters where value in (table visits)',
    'values row((select 1 from visits))',
    'handler visits open',
    'call visits()',
    'select * from visits where company_id = ? /*! or 1 = 1 */',
    'select * from visits where company_id = ? -- and title = ?',
    'select * from visits where company_id = ? # x',
    'select * from visits where (company_id = ?',
    'select * from visits where company_id = ?)',
    'select * from visits where company_id = ?; delete from visits',
    "select * from visits where title = 'open",
    'select * from visits where company_id = ? where 1 = 1',
    'select * from json_table(?, "$[*]" columns (v int path "$")) j, visits where visits.company_id = ?',
    'select * from visits partition (p0) where company_id = ?',
    'select visits from visits where company_id = ?',
    'select * from visits where company_id = ? procedure analyse(visits)',
    'visits',
    '',
  ])('%s', (sql) => {
    expect(refusal(sql)).toSatisfy((error) => error instanceof UnscopedError || error instanceof UnreadableError)
  })
})
