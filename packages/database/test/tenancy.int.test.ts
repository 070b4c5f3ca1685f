import { readdir } from 'node:fs/promises'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { migrate, openDatabase, type SqlSession } from '../src/index.ts'
import { withConnection } from '../src/testing.ts'
import { tenancyViolations } from './tenancy.ts'

const servicesUrl = new URL('../../../services/', import.meta.url)

const outbox = 'the events of all companies leave by one queue'
const inbox = 'what was handled is known by its event'
const ofProvider = 'the provider’s id, as its event names it: the event of the subscription itself may come later'

/** Tables that name a company and are not its own, and columns that name what may not be there, each with the reason. */
const exemptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  billing: { outbox, inbox, 'accounts.subscription_id': ofProvider, 'invoices.subscription_id': ofProvider },
  booking: { outbox, inbox },
  'company-resolver': {
    outbox,
    inbox,
    entities: 'asked by call or booking, before the company is known',
    attributions: 'decisions by event, half of which may have no company',
    reviews: 'what persons decided of events, some of which are nobody’s',
  },
  identity: {},
  messaging: { outbox, inbox },
  'webhook-ingress': { outbox },
}

const services: string[] = []
for (const service of await readdir(servicesUrl)) {
  const migrations = await readdir(new URL(`${service}/drizzle/`, servicesUrl)).catch(() => [])
  if (migrations.length > 0) services.push(service)
}

async function violations(
  prepare: (url: string, session: SqlSession) => Promise<unknown>,
  exempt: readonly string[] = [],
): Promise<string[]> {
  await using telemetry = createTestTelemetry()
  await using given = await createTestDatabase()
  await using database = openDatabase({ url: given.url, companyTables: new Set(), telemetry })
  const name = new URL(given.url).pathname.slice(1)
  return await withConnection(database, async (session) => {
    await prepare(given.url, session)
    return tenancyViolations(session, name, new Set(exempt))
  })
}

test('every service with a database is looked at', () => {
  expect(services.toSorted()).toEqual(Object.keys(exemptions).toSorted())
})

test.each(services)('in the migrated schema of %s no row of a company can refer to another company’s', async (service) => {
  const exempt = exemptions[service] ?? {}
  const found = await violations(async (url) => {
    await using telemetry = createTestTelemetry()
    await migrate(url, new URL(`${service}/drizzle`, servicesUrl).pathname, telemetry)
  }, Object.keys(exempt))
  expect(found).toEqual([])
})

const id = (name: string) => `${name} varchar(40) character set ascii collate ascii_bin not null`

test.each([
  [
    'a primary key without the company',
    `create table things (${id('thing_id')}, ${id('company_id')}, primary key (thing_id))`,
    /primary key is \(thing_id\)/,
  ],
  [
    'a primary key that begins with something else',
    `create table things (${id('thing_id')}, ${id('company_id')}, primary key (thing_id, company_id))`,
    /primary key is \(thing_id, company_id\)/,
  ],
  [
    'a foreign key to the id alone',
    `create table things (${id('company_id')}, ${id('thing_id')}, ${id('owner_id')}, primary key (company_id, thing_id),
      foreign key (owner_id) references owners (owner_id))`,
    /\(owner_id\) refers to owners without the company/,
  ],
  [
    'a reference without a foreign key',
    `create table things (${id('company_id')}, ${id('thing_id')}, ${id('owner_id')}, primary key (company_id, thing_id))`,
    /owner_id has no foreign key to owners/,
  ],
  [
    'a table without a company that refers to a company’s',
    `create table things (${id('thing_id')}, ${id('owner_id')}, primary key (thing_id), foreign key (owner_id) references owners (owner_id))`,
    /things: \(owner_id\) refers to owners without the company/,
  ],
])('%s is found', async (_, statement, message) => {
  const owners = `create table owners (${id('company_id')}, ${id('owner_id')}, primary key (company_id, owner_id), unique key by_id (owner_id))`
  const found = await violations(async (_url, session) => {
    await session.execute(owners, [])
    await session.execute(statement, [])
  })
  expect(found).toEqual([expect.stringMatching(message)])
})

test('a composite foreign key is what it takes, and an exemption that nothing needs is told', async () => {
  const found = await violations(
    async (_url, session) => {
      await session.execute(`create table owners (${id('company_id')}, ${id('owner_id')}, primary key (company_id, owner_id))`, [])
      await session.execute(
        `create table things (${id('company_id')}, ${id('thing_id')}, ${id('owner_id')}, primary key (company_id, thing_id),
        foreign key (company_id, owner_id) references owners (company_id, owner_id))`,
        [],
      )
    },
    ['ghosts'],
  )
  expect(found).toEqual(['ghosts: needs no exemption'])
})
