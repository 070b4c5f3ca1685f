import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { newId } from '@frontdesk/contracts'
import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { createVault, parseKeyRing } from '@frontdesk/vault'
import { expect, test } from 'vitest'
import * as schema from './schema/index.ts'
import { secondFactors } from './schema/second-factors.ts'
import { signingKeys } from './schema/signing-keys.ts'
import { users } from './schema/users.ts'
import { sealAnew } from './seal-anew.ts'
import { secretPlace } from './second-factor-store.ts'
import { privatePlace } from './signing-key-store.ts'

const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`
const vaultOf = (ring: string) => createVault({ keys: parseKeyRing(ring) })

test('what an older key has sealed is sealed again under the first, once; what can’t be opened is left and told of', async () => {
  await using cleanUp = new AsyncDisposableStack()
  const telemetry = cleanUp.use(createTestTelemetry())
  const { url } = cleanUp.use(await createTestDatabase())
  await migrate(url, fileURLToPath(new URL('../../drizzle', import.meta.url)), telemetry)
  const database = cleanUp.use(openDatabase({ url, companyTables: companyTablesOf(schema), telemetry }))
  const { orm } = database
  const [oldKey, nextKey] = [newKey('old'), newKey('next')]
  const [old, next, both] = [vaultOf(oldKey), vaultOf(nextKey), vaultOf(`${nextKey},${oldKey}`)]

  const now = new Date('2026-11-29T12:00:00Z')
  // More than one batch of them.
  const ids = Array.from({ length: 450 }, () => newId('usr')).toSorted()
  await orm
    .insert(users)
    .values(ids.map((userId) => ({ userId, email: `${userId}@salon.example`, name: 'Ada', operator: false, createdAt: now })))
  await orm.insert(secondFactors).values(
    ids.map((userId, index) => ({
      userId,
      secret: old.seal(`secret of ${userId}`, secretPlace('secret', userId)),
      proposed: index % 2 === 0 ? old.seal(`proposed of ${userId}`, secretPlace('proposed', userId)) : null,
      lastStep: index,
    })),
  )
  await orm.insert(signingKeys).values([
    { kid: 'one', publicX: 'x', privateD: old.seal('d of one', privatePlace('one')), createdAt: now, signsFrom: now },
    { kid: 'two', publicX: 'x', privateD: both.seal('d of two', privatePlace('two')), createdAt: now, signsFrom: now },
    { kid: 'lost', publicX: 'x', privateD: Buffer.from('lost'), createdAt: now, signsFrom: now },
  ])

  await sealAnew(database, both, telemetry.logger)
  await sealAnew(database, both, telemetry.logger)
  const factors = await orm.select().from(secondFactors).orderBy(secondFactors.userId)
  expect(factors.map(({ userId, secret }) => secret && next.open(secret, secretPlace('secret', userId)))).toEqual(
    ids.map((userId) => `secret of ${userId}`),
  )
  expect(factors.map(({ userId, proposed }) => proposed && next.open(proposed, secretPlace('proposed', userId)))).toEqual(
    ids.map((userId, index) => (index % 2 === 0 ? `proposed of ${userId}` : null)),
  )
  expect(factors.map(({ lastStep }) => lastStep)).toEqual(ids.map((_, index) => index))
  const keys = await orm.select().from(signingKeys)
  const opened = keys.filter(({ kid }) => kid !== 'lost').map(({ kid, privateD }) => next.open(privateD, privatePlace(kid)))
  expect(opened.toSorted()).toEqual(['d of one', 'd of two'])
  const told = telemetry.lines.filter(({ msg }) => String(msg).includes('sealed'))
  expect(told).toMatchObject([{ row: 'lost' }, { rows: 451 }, { row: 'lost' }])
})
