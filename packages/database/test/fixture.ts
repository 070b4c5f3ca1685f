import { type CompanyId, type EventId, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { createTestTelemetry, type TestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { bigint, double, index, int, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core'
import { acrossCompanies } from '../src/across-companies.ts'
import { bytesText, eventId, instant, json, mediumBytes, typeId } from '../src/columns.ts'
import { companyTablesOf } from '../src/company-tables.ts'
import { type Database, type DatabaseOptions, openDatabase } from '../src/database.ts'
import { withConnection } from '../src/testing.ts'

/** A company's visits, with a column of each of our kinds. */
export const visits = mysqlTable(
  'visits',
  {
    companyId: typeId('company_id').$type<CompanyId>().notNull(),
    visitId: int('visit_id').notNull(),
    guestId: int('guest_id'),
    title: varchar('title', { length: 64 }).notNull().default('untitled'),
    event: eventId('event').$type<EventId>(),
    name: bytesText('name', 32),
    body: mediumBytes('body'),
    startsAt: instant('starts_at'),
    details: json('details'),
    size: bigint('size', { mode: 'bigint', unsigned: true }),
    weight: double('weight'),
  },
  (table) => [primaryKey({ columns: [table.companyId, table.visitId] }), index('visits_starts_at').on(table.companyId, table.startsAt)],
)

/** A company's guests. */
export const guests = mysqlTable(
  'guests',
  {
    companyId: typeId('company_id').$type<CompanyId>().notNull(),
    guestId: int('guest_id').notNull(),
    name: varchar('name', { length: 64 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.companyId, table.guestId] })],
)

/** No company's: the guard leaves it alone. */
export const counters = mysqlTable('counters', {
  id: bigint('id', { mode: 'bigint', unsigned: true }).autoincrement().primaryKey(),
  name: varchar('name', { length: 64 }).notNull().unique(),
  value: int('value').notNull().default(0),
})

export const schema = { visits, guests, counters }

const tables = [
  `create table visits (
    company_id varchar(40) character set ascii collate ascii_bin not null, visit_id int not null, guest_id int null,
    title varchar(64) not null default 'untitled', event binary(32) null, name varbinary(32) null, body mediumblob null,
    starts_at datetime(3) null, details json null, size bigint unsigned null, weight double null,
    primary key (company_id, visit_id), key visits_starts_at (company_id, starts_at))`,
  `create table guests (
    company_id varchar(40) character set ascii collate ascii_bin not null, guest_id int not null, name varchar(64) not null,
    primary key (company_id, guest_id))`,
  `create table counters (id bigint unsigned auto_increment primary key, name varchar(64) not null unique, value int not null default 0)`,
]

/** A company id that is valid and nobody else's. */
export function newCompany(): CompanyId {
  return vouchForCompanyId(newId('cmp'))
}

export interface Fixture extends AsyncDisposable {
  readonly database: Database
  readonly url: string
  readonly telemetry: TestTelemetry
  /** Opens the same database again, with other options. */
  open(options: Partial<DatabaseOptions>): Database
}

/** A database of its own with the three tables. */
export async function startFixture(options: Partial<DatabaseOptions> = {}): Promise<Fixture> {
  const stack = new AsyncDisposableStack()
  const { url } = stack.use(await createTestDatabase())
  const telemetry = stack.use(createTestTelemetry())
  const companyTables = companyTablesOf(schema)
  const open = (more: Partial<DatabaseOptions>) => stack.use(openDatabase({ url, companyTables, telemetry, ...options, ...more }))
  const database = open({})
  await acrossCompanies('test', () =>
    withConnection(database, async (connection) => {
      for (const table of tables) await connection.execute(table, [])
    }),
  )
  return { database, url, telemetry, open, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** The samples of a metric by their labels, as in `in_use` of `database_connections`. */
export async function metric(telemetry: TestTelemetry, name: string, labels: Record<string, string> = {}): Promise<number> {
  const found = await telemetry.metrics.registry.getSingleMetric(`frontdesk_${name}`)?.get()
  const samples = found?.values.filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key as never] === value))
  return samples?.reduce((sum, sample) => sum + sample.value, 0) ?? 0
}

/** Runs the task so many times, at most `concurrency` at once. */
export async function repeat(times: number, concurrency: number, task: () => Promise<void>): Promise<void> {
  let left = times
  const lane = async () => {
    while (left-- > 0) await task()
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}
