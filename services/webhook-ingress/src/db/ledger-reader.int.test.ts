import { deriveEventId, newId, parseEventId } from '@frontdesk/contracts'
import { companyTablesOf, type Database, openDatabase } from '@frontdesk/database'
import { withConnection } from '@frontdesk/database/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { createLedgerReader, everything } from './ledger-reader.ts'
import * as schema from './schema/index.ts'

const owned = new AsyncDisposableStack()
const rowCount = 3_000
const rowsPerLook = 200
const keyOf = (index: number) => parseEventId(deriveEventId(['reader', String(index)])) ?? deriveEventId([])
const common = 'frontdesk.call.started.v1'
const rare = 'frontdesk.call.ended.v1'
/** Of one connection, so that a session's counters are its own. */
let database: Database

beforeAll(async () => {
  const context = owned.use(await openMigratedDatabase())
  await context.database.orm.insert(schema.events).values(
    Array.from({ length: rowCount }, (_, index) => ({
      eventId: keyOf(index),
      claim: 1n,
      deliveryId: newId('dlv'),
      provider: 'retell',
      // The three oldest.
      type: index < 3 ? rare : common,
      entityId: 'call_1',
      // Many of one instant, as a busy ingress has them.
      receivedAt: new Date(Date.UTC(2026, 10, 22) + Math.floor(index / 50)),
    })),
  )
  database = owned.use(
    openDatabase({ url: context.url, poolSize: 1, companyTables: companyTablesOf(schema), telemetry: context.telemetry }),
  )
})
afterAll(() => owned.disposeAsync())

/** How many rows and index entries the server reads for it. */
async function rowsReadBy<Result>(work: () => Promise<Result>): Promise<{ result: Result; rowsRead: number }> {
  const read = () =>
    withConnection(database, async (connection) => {
      const { rows } = await connection.execute("show session status like 'Handler_read%'", [])
      return rows.reduce((sum, row) => sum + Number(row['Value']), 0)
    })
  const before = await read()
  const result = await work()
  return { result, rowsRead: (await read()) - before }
}

test.each([everything, { ...everything, entityId: 'call_1' }])(
  'a page of what is rare reads a bounded number of rows, and leads on',
  async (filter) => {
    const reader = createLedgerReader(database, { rowsPerLook })
    const seen: string[] = []
    let pageToken = ''
    let pages = 0
    do {
      const query = { ...filter, types: [rare], limit: 2, pageToken }
      const { result, rowsRead } = await rowsReadBy(() => reader.list(query))
      // The end of the look, then its rows, of an entity each by its key; some are the server's own.
      expect(rowsRead).toBeLessThan(rowsPerLook * 3 + 100)
      seen.push(...result.events.map(({ eventId }) => eventId))
      pageToken = result.nextPageToken
      pages += 1
    } while (pageToken !== '')
    expect(seen.toSorted()).toEqual([0, 1, 2].map(keyOf).toSorted())
    expect(pages).toBeGreaterThanOrEqual(rowCount / rowsPerLook)
  },
)

test('pages of everything have each event once', async () => {
  const reader = createLedgerReader(database, { rowsPerLook })
  const seen: string[] = []
  let pageToken = ''
  do {
    const page = await reader.list({ ...everything, provider: 'retell', limit: 130, pageToken })
    seen.push(...page.events.map(({ eventId }) => eventId))
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  expect([seen.length, new Set(seen).size]).toEqual([rowCount, rowCount])
})

test('a count goes by bounded looks, and says so when its time is up', async () => {
  const reader = createLedgerReader(database, { rowsPerLook })
  expect(await reader.count({ ...everything, types: [common] })).toEqual({ counted: BigInt(rowCount - 3), all: true })
  expect(await reader.count({ ...everything, provider: 'stripe' })).toEqual({ counted: 0n, all: true })
  expect(await reader.countAccepted()).toBe(BigInt(rowCount))
  const hurried = createLedgerReader(database, { rowsPerLook, countMs: 0 })
  const { result, rowsRead } = await rowsReadBy(() => hurried.count({ ...everything, types: [common] }))
  expect(result).toEqual({ counted: BigInt(rowsPerLook), all: false })
  expect(rowsRead).toBeLessThan(rowsPerLook * 3 + 100)
})
