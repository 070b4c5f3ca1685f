import { type CompanyId, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { companyTablesOf, type Database, migrate, openDatabase } from '@frontdesk/database'
import { analyze, explain } from '@frontdesk/database/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCallerReader, customerOfNumber, nextAppointmentOf } from './caller-reader.ts'
import { appointments } from './schema/appointments.ts'
import { customerIdentities } from './schema/customer-identities.ts'
import { customers } from './schema/customers.ts'
import * as schema from './schema/index.ts'

const now = new Date('2026-11-24T09:00:00Z')
const minutes = (count: number) => new Date(now.getTime() + count * 60_000)
const number = '+4930111111'
const opened = new AsyncDisposableStack()
let database: Database

beforeAll(async () => {
  const telemetry = opened.use(createTestTelemetry())
  const { url } = opened.use(await createTestDatabase())
  await migrate(url, new URL('../../drizzle', import.meta.url).pathname, telemetry)
  database = opened.use(openDatabase({ url, companyTables: companyTablesOf(schema), telemetry }))
})
afterAll(() => opened.disposeAsync())

const aCompany = () => vouchForCompanyId(newId('cmp'))

async function aCustomer(
  companyId: CompanyId,
  name: string,
  identity: { kind: 'caller_number' | 'email'; value: string },
): Promise<string> {
  const customerId = newId('cust')
  const row = { companyId, customerId, name, email: '', phoneNumber: number, contactAt: now, createdAt: now }
  await database.orm.insert(customers).values(row)
  await database.orm.insert(customerIdentities).values({ companyId, customerId, ...identity })
  return customerId
}

type Row = typeof appointments.$inferInsert

/** An appointment of half an hour. */
function appointment(companyId: CompanyId, customerId: string | null, startsInMinutes: number, overrides: Partial<Row> = {}): Row {
  return {
    companyId,
    appointmentId: newId('apt'),
    customerId,
    status: 'confirmed',
    origin: 'call',
    originId: 'call',
    title: `in ${startsInMinutes} min`,
    startsAt: minutes(startsInMinutes),
    endsAt: minutes(startsInMinutes + 30),
    preferredStartText: '',
    cancellationReason: '',
    version: 1,
    changedAt: now,
    changeSequence: 0,
    changeRank: 0,
    changeRevision: 1,
    createdAt: now,
    updatedAt: now,
    ...overrides,
  }
}

test('the caller’s next appointment is the first confirmed one that is not over', async () => {
  const companyId = aCompany()
  const ada = await aCustomer(companyId, 'Ada', { kind: 'caller_number', value: number })
  const find = () => createCallerReader(database, companyId).find(number, now)
  expect(await find()).toEqual({ name: 'Ada', nextAppointment: undefined })

  const someoneElse = await aCustomer(companyId, 'Bob', { kind: 'caller_number', value: '+4930222222' })
  await database.orm
    .insert(appointments)
    .values([
      appointment(companyId, ada, -60),
      appointment(companyId, ada, 5, { status: 'cancelled' }),
      appointment(companyId, ada, 6, { status: 'requested' }),
      appointment(companyId, someoneElse, 7),
      appointment(companyId, null, 8),
      appointment(companyId, ada, 90),
      appointment(companyId, ada, 60),
    ])
  expect(await find()).toMatchObject({ nextAppointment: { title: 'in 60 min', startsAt: minutes(60) } })
  await database.orm.insert(appointments).values(appointment(companyId, ada, -10))
  expect(await find()).toMatchObject({ nextAppointment: { title: 'in -10 min' } })
})

test('a number is nobody’s at another company, and a number that somebody typed is nobody’s at all', async () => {
  const [a, b] = [aCompany(), aCompany()]
  const ada = await aCustomer(a, 'Ada', { kind: 'caller_number', value: number })
  await database.orm.insert(appointments).values(appointment(a, ada, 60))
  expect(await createCallerReader(database, b).find(number, now)).toBeUndefined()
  await aCustomer(b, 'Eve', { kind: 'email', value: number })
  expect(await createCallerReader(database, b).find(number, now)).toBeUndefined()
  expect(await createCallerReader(database, a).find('+4930999999', now)).toBeUndefined()
})

test('both reads go by their index and sort nothing, however many appointments there are', async () => {
  const companyId = aCompany()
  const ada = await aCustomer(companyId, 'Ada', { kind: 'caller_number', value: number })
  const others = await Promise.all(
    Array.from({ length: 20 }, (_, index) => aCustomer(companyId, 'X', { kind: 'email', value: `${index}@x` })),
  )
  const rows = Array.from({ length: 2_000 }, (_, index) =>
    appointment(companyId, index % 100 === 0 ? ada : (others[index % 20] ?? null), index),
  )
  await database.orm.insert(appointments).values(rows)

  await analyze(database, 'appointments', 'customers', 'customer_identities')
  const who = await explain(database, customerOfNumber(database.orm, companyId, number))
  expect(who.map(({ key }) => key)).toEqual(['PRIMARY', 'PRIMARY'])
  const next = await explain(database, nextAppointmentOf(database.orm, companyId, ada, now))
  expect(next.map(({ key }) => key)).toEqual(['appointments_by_customer'])
  for (const { type, Extra } of [...who, ...next]) {
    expect(type).not.toBe('ALL')
    expect(Extra ?? '').not.toMatch(/filesort|temporary/)
  }
})
