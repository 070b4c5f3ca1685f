import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { createVault, parseKeyRing } from '@frontdesk/vault'
import { expect, test } from 'vitest'
import type { ConnectionSecrets } from '../app/ports.ts'
import * as schema from './schema/index.ts'
import { createSecretStore } from './secret-store.ts'

const connection = (connectionId: string, version: bigint, ...secrets: string[]): ConnectionSecrets => ({
  connectionId,
  provider: 'calcom',
  secrets,
  previousUntil: secrets[1] === undefined ? undefined : new Date('2026-11-23T12:00:00.123Z'),
  version,
})
const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`
const newVault = () => createVault({ keys: parseKeyRing(newKey('test')) })

async function setUp() {
  const cleanUp = new AsyncDisposableStack()
  const telemetry = cleanUp.use(createTestTelemetry())
  const { url } = cleanUp.use(await createTestDatabase())
  await migrate(url, fileURLToPath(new URL('../../drizzle', import.meta.url)), telemetry)
  const database = cleanUp.use(openDatabase({ url, companyTables: companyTablesOf(schema), telemetry }))
  return { database, telemetry, [Symbol.asyncDispose]: () => cleanUp.disposeAsync() }
}

test('secrets survive sealed, and a row never goes back to an older version', async () => {
  await using given = await setUp()
  const store = createSecretStore(given.database, newVault(), given.telemetry.logger)
  await store.save([connection('con_a', 3n, 'new', 'old'), connection('con_b', 1n, 'only')])
  await store.save([connection('con_a', 2n, 'older'), connection('con_b', 4n, 'rotated', 'only')])
  expect((await store.all()).toSorted((a, b) => (a.connectionId < b.connectionId ? -1 : 1))).toEqual([
    connection('con_a', 3n, 'new', 'old'),
    connection('con_b', 4n, 'rotated', 'only'),
  ])
  // In memory for long, and still nowhere to be seen.
  expect(JSON.stringify(await store.all(), (_, value: unknown) => (typeof value === 'bigint' ? 0 : value))).not.toContain('rotated')
  const [rows] = await given.database.orm.execute('select sealed_current from connection_secrets')
  expect(JSON.stringify(rows)).not.toContain(Buffer.from('new').toString('hex'))
})

test('a deactivated connection comes back without a secret, not with an empty one', async () => {
  await using given = await setUp()
  const store = createSecretStore(given.database, newVault(), given.telemetry.logger)
  await store.save([connection('con_a', 1n, 'current', 'previous')])
  await store.save([connection('con_a', 2n)])
  expect(await store.all()).toEqual([connection('con_a', 2n)])
})

test('a secret whose key is gone is left out and said, and the others are there', async () => {
  await using given = await setUp()
  const vault = newVault()
  await createSecretStore(given.database, newVault(), given.telemetry.logger).save([connection('con_lost', 1n, 'x')])
  const store = createSecretStore(given.database, vault, given.telemetry.logger)
  await store.save([connection('con_here', 2n, 'y')])
  expect(await store.all()).toEqual([connection('con_here', 2n, 'y')])
  expect(JSON.stringify(given.telemetry.lines)).toContain('con_lost')
})

test('what an older key of the ring has sealed is sealed again under the first, and a newer version is left alone', async () => {
  await using given = await setUp()
  const [old, next] = [newKey('old'), newKey('next')]
  const storeOf = (ring: string) => createSecretStore(given.database, createVault({ keys: parseKeyRing(ring) }), given.telemetry.logger)
  const kept = [connection('con_a', 3n, 'new', 'old'), connection('con_b', 1n, 'only')]
  await storeOf(old).save(kept)
  const both = storeOf(`${next},${old}`)
  await both.sealAnew()
  await both.sealAnew()
  expect(await storeOf(next).all()).toEqual(kept)
  expect(await storeOf(old).all()).toEqual([])
  await storeOf(next).save([connection('con_b', 2n, 'rotated', 'only')])
  await both.sealAnew()
  expect(await storeOf(next).all()).toEqual([kept[0], connection('con_b', 2n, 'rotated', 'only')])
  expect(given.telemetry.lines.filter(({ msg }) => String(msg).startsWith('secrets were sealed again'))).toMatchObject([{ connections: 2 }])
})
