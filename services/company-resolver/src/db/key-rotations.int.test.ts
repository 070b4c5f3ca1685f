import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { acrossCompanies, type Database, withTransaction } from '@frontdesk/database'
import { eventually } from '@frontdesk/testing'
import { fixedKeyRing, type KeyRing } from '@frontdesk/vault'
import { and, eq, ne } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { author, newRing, openMigratedDatabase } from '../../test/migrated-database.ts'
import { type Clear, makeSealedWorld } from '../../test/sealed-world.ts'
import type { ConnectionSecrets } from '../app/ports.ts'
import type { KeyRotation, RotationTarget } from '../domain/key-rotation.ts'
import { createConnectionRepository } from './connection-repository.ts'
import { createConnectionSecretsReader } from './connection-secrets-reader.ts'
import { createKeyRotations } from './key-rotations.ts'
import { createKeyStatusReader } from './key-status-reader.ts'
import { secretPlace } from './mapping.ts'
import { connections } from './schema/connections.ts'
import { dataKeys } from './schema/data-keys.ts'
import { createSealing } from './sealing.ts'

const now = () => new Date()
let context: Awaited<ReturnType<typeof openMigratedDatabase>>
beforeAll(async () => {
  context = await openMigratedDatabase()
})
afterAll(() => context[Symbol.asyncDispose]())

/** A resolver of its own: with its own memory, and this ring. */
async function resolverWith(ring: KeyRing, database = context.database, telemetry = context.telemetry) {
  const sealing = await createSealing(database, fixedKeyRing(ring), now)
  const rotations = createKeyRotations({ database, now, logger: telemetry.logger, ...sealing })
  return {
    ...sealing,
    rotations,
    reader: createConnectionSecretsReader(database, sealing.vault, telemetry, now),
    status: createKeyStatusReader(database, sealing.keyEncryption),
    connectionsOf: (companyId: string) =>
      createConnectionRepository({ database, keys: sealing.keys, journal: context.journal }, vouchForCompanyId(companyId)),
    async rotate(target: RotationTarget, companyId?: string): Promise<KeyRotation> {
      let rotation = await rotations.begin({ id: newId('rot'), target, companyId, startedBy: 'ada', startedAt: now() })
      while (!rotation.finishedAt) rotation = await rotations.advance(rotation.id, 1_000)
      return rotation
    },
  }
}
type Resolver = Awaited<ReturnType<typeof resolverWith>>

async function readAll({ reader }: Resolver, clear: readonly Clear[]): Promise<void> {
  const found = new Map<string, ConnectionSecrets>()
  let page
  do {
    page = await reader.list({ afterVersion: page?.nextAfterVersion ?? 0n, limit: 500 })
    for (const each of page.connections) found.set(each.connectionId, each)
  } while (page.hasMore)
  const read = clear.map(({ connectionId }) => found.get(connectionId))
  expect(read.map((each) => [each?.currentSecret, each?.previousSecret])).toEqual(clear.map(({ current, previous }) => [current, previous]))
}

/** What is only left for backups can go: whatever were still sealed under it would be lost. */
async function dropReplacedKeys(database: Database): Promise<void> {
  await acrossCompanies('a test', () => database.orm.delete(dataKeys).where(ne(dataKeys.state, 'active')))
}

/** A world of its own in a database of its own. */
async function aWorld(ring: KeyRing, size: Parameters<typeof makeSealedWorld>[3]) {
  const own = await openMigratedDatabase()
  const resolver = await resolverWith(ring, own.database, own.telemetry)
  const clear = await makeSealedWorld(own.database, resolver, ring, size)
  return { ...own, resolver, clear, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() }
}

test('data keys: each company’s is replaced and its secrets sealed again, what was sealed before there were any too', async () => {
  const ring = newRing('kek')
  await using world = await aWorld(ring, { companies: 5, legacyCompanies: 2, connectionsOfEach: 3 })
  const { resolver, clear } = world
  expect(await resolver.status.read()).toMatchObject({ connectionsOnActiveKey: 9, connectionsOnOldKey: 6, currentKekId: 'kek' })
  const rotation = await resolver.rotate('data_keys')
  expect(rotation).toMatchObject({
    companiesDone: 5,
    companiesTotal: 5,
    dataKeysMade: 3,
    secretsResealed: 30,
    failures: 0,
    startedBy: 'ada',
  })
  const { rotations, ...status } = await resolver.status.read()
  expect(status).toEqual({
    currentKekId: 'kek',
    dataKeys: [
      { kekId: 'kek', state: 'active', count: 5 },
      { kekId: 'kek', state: 'retired', count: 3 },
    ],
    connectionsOnActiveKey: 15,
    connectionsOnOldKey: 0,
  })
  expect(rotations).toEqual([rotation])
  await readAll(resolver, clear)
  await dropReplacedKeys(world.database)
  await readAll(await resolverWith(ring, world.database, world.telemetry), clear)
})

test('the key-encryption key: every data key is wrapped by the ring’s first, and the ring can do without the others', async () => {
  const [old, next] = [newRing('old'), newRing('next')]
  await using world = await aWorld(old, { companies: 4, legacyCompanies: 1, connectionsOfEach: 2 })
  await world.resolver.rotate('data_keys')
  const both = await resolverWith([...next, ...old], world.database, world.telemetry)
  // A key for each company, and what three of them had before.
  expect(await both.rotate('kek')).toMatchObject({ dataKeysRewrapped: 7, dataKeysMade: 0, secretsResealed: 0, failures: 0 })
  expect(await both.rotate('kek')).toMatchObject({ dataKeysRewrapped: 0, secretsResealed: 0 })
  const without = await resolverWith(next, world.database, world.telemetry)
  await readAll(without, world.clear)
  expect((await without.status.read()).dataKeys).toEqual([
    { kekId: 'next', state: 'active', count: 4 },
    { kekId: 'next', state: 'retired', count: 3 },
  ])
})

test('one company’s key can be rotated alone, and a repeated call or an unfinished rotation of the same scope begins none anew', async () => {
  await using world = await aWorld(newRing('kek'), { companies: 3, legacyCompanies: 0, connectionsOfEach: 1 })
  const { resolver, clear } = world
  const { rotations } = resolver
  const companyId = clear[1]?.companyId ?? ''
  const begun = await rotations.begin({ id: newId('rot'), target: 'data_keys', companyId, startedBy: 'ada', startedAt: now() })
  expect(begun).toMatchObject({ companiesTotal: 1, finishedAt: undefined })
  expect(await rotations.begin({ ...begun, id: newId('rot'), startedBy: 'bob' })).toEqual(begun)
  expect((await rotations.begin({ ...begun, companyId: undefined, id: newId('rot') })).id).not.toBe(begun.id)
  const done = await rotations.advance(begun.id, 10_000)
  expect(done).toMatchObject({ companiesDone: 1, dataKeysMade: 1, secretsResealed: 2 })
  expect(await rotations.begin(begun)).toEqual(done)
  expect(await rotations.advance(begun.id, 10_000)).toEqual(done)
  expect((await resolver.rotate('data_keys', companyId)).id).not.toBe(begun.id)
})

test('who seals while a key is replaced is waited for: nothing is left under the old key behind a rotation', async () => {
  await using world = await aWorld(newRing('kek'), { companies: 1, legacyCompanies: 0, connectionsOfEach: 1 })
  const { resolver, clear, database } = world
  const [{ companyId, connectionId } = { companyId: '', connectionId: '' }] = clear
  const sealedAnew = Promise.withResolvers<void>()
  const mayCommit = Promise.withResolvers<void>()
  const own = and(eq(connections.companyId, companyId), eq(connections.connectionId, connectionId))
  const writing = withTransaction(database, async (tx) => {
    const { sealer } = await resolver.keys.hold(tx, companyId)
    sealedAnew.resolve()
    await mayCommit.promise
    await tx.orm
      .update(connections)
      .set({ currentSecret: sealer.seal('written meanwhile', secretPlace('current_secret', connectionId)) })
      .where(own)
  })
  await sealedAnew.promise
  let ended = false
  const rotating = resolver.rotate('data_keys').finally(() => (ended = true))
  await sleep(300)
  expect(ended).toBe(false)
  mayCommit.resolve()
  await Promise.all([writing, rotating])
  expect(await resolver.status.read()).toMatchObject({ connectionsOnActiveKey: 1, connectionsOnOldKey: 0 })
  expect(await resolver.reader.find(connectionId)).toMatchObject({ currentSecret: 'written meanwhile' })
})

test('who seals a company’s first secrets at the same moment makes one key', async () => {
  await using world = await aWorld(newRing('kek'), { companies: 1, legacyCompanies: 1, connectionsOfEach: 1 })
  const { resolver, clear, database } = world
  const companyId = clear[0]?.companyId ?? ''
  const heads = await Promise.all(
    Array.from({ length: 8 }, () => withTransaction(database, async (tx) => (await resolver.keys.hold(tx, companyId)).sealer.head)),
  )
  expect(new Set(heads.map((head) => Buffer.from(head).toString('hex'))).size).toBe(1)
  expect((await resolver.status.read()).dataKeys).toEqual([{ kekId: 'kek', state: 'active', count: 1 }])
})

test('a secret that can’t be opened stays as it is and is counted, and ends the rotation no later', async () => {
  await using world = await aWorld(newRing('kek'), { companies: 3, legacyCompanies: 0, connectionsOfEach: 2 })
  const { resolver, clear, database } = world
  const [broken, ...whole] = clear
  if (!broken) throw new TypeError('none')
  const own = and(eq(connections.companyId, broken.companyId), eq(connections.connectionId, broken.connectionId))
  await database.orm
    .update(connections)
    .set({ previousSecret: Buffer.from('lost') })
    .where(own)
  expect(await resolver.rotate('data_keys')).toMatchObject({ failures: 1, secretsResealed: 11, companiesDone: 3 })
  expect(await resolver.status.read()).toMatchObject({ connectionsOnActiveKey: 5, connectionsOnOldKey: 1 })
  expect((await resolver.status.read()).dataKeys).toContainEqual({ kekId: 'kek', state: 'retiring', count: 1 })
  await readAll(resolver, whole)
  expect(await resolver.reader.find(broken.connectionId)).toMatchObject({ currentSecret: broken.current, previousSecret: undefined })
})

test('a sealed secret that was moved to another row, column or company is refused where it is read', async () => {
  await using world = await aWorld(newRing('kek'), { companies: 2, legacyCompanies: 1, connectionsOfEach: 2 })
  const { resolver, clear, database } = world
  const rows = await Promise.all(
    clear.map(async ({ companyId, connectionId }) => {
      const own = and(eq(connections.companyId, companyId), eq(connections.connectionId, connectionId))
      const [row] = await database.orm.select().from(connections).where(own)
      if (!row) throw new TypeError('none')
      return row
    }),
  )
  const sealed = rows.flatMap(({ currentSecret, previousSecret }) => [currentSecret, previousSecret ?? new Uint8Array()])
  let refused = 0
  for (const { companyId, connectionId, currentSecret } of rows) {
    const own = and(eq(connections.companyId, companyId), eq(connections.connectionId, connectionId))
    for (const moved of [...sealed, ...sealed.map((each) => each.subarray(0, each.length - 1))]) {
      if (moved === currentSecret) continue
      await database.orm.update(connections).set({ currentSecret: moved }).where(own)
      await expect(resolver.reader.find(connectionId)).rejects.toMatchObject({ code: 'internal' })
      refused++
    }
    await database.orm.update(connections).set({ currentSecret }).where(own)
  }
  expect(refused).toBe(4 * 15)
  await readAll(resolver, clear)
})

test('under 8 readers and a writer, a process that is killed three times midway: no read fails, each rotation goes on, no row is left on an old key', async () => {
  const [old, next] = [newRing('old'), newRing('next')]
  await using world = await aWorld(old, { companies: 120, legacyCompanies: 40, connectionsOfEach: 10 })
  const { clear, database, telemetry, url } = world
  const expected = new Map(clear.map((each) => [each.connectionId, each]))
  const stop = new AbortController()
  const counts = { reads: 0, failed: 0, written: 0 }

  const readers = Array.from({ length: 8 }, async () => {
    while (!stop.signal.aborted) {
      // Each time with no key in memory, as a replica that has just started.
      const { reader } = await resolverWith([...old, ...next], database, telemetry)
      const pick = clear[Math.floor(Math.random() * clear.length)]
      const [page, one] = await Promise.allSettled([
        reader.list({ afterVersion: 1_000_000n + BigInt(Math.floor(Math.random() * clear.length)), limit: 50 }),
        reader.find(pick?.connectionId ?? ''),
      ])
      const found = [...(page.status === 'fulfilled' ? page.value.connections : []), ...(one.status === 'fulfilled' ? [one.value] : [])]
      counts.failed += [page, one].filter(({ status }) => status === 'rejected').length
      for (const each of found) {
        counts.reads++
        const right = expected.get(each?.connectionId ?? '')
        if (!right || each?.currentSecret !== right.current || each.previousSecret !== right.previous) counts.failed++
      }
    }
  })
  // What it writes is not among what is read: a company's own connection, rotated again and again.
  const writer = (async () => {
    const { connectionsOf } = await resolverWith([...old, ...next], database, telemetry)
    for (let n = 0; !stop.signal.aborted; n++) {
      const companyId = clear[(n * 10) % clear.length]?.companyId ?? ''
      const id = newId('con')
      const signal = { id: newId('sig'), companyId, kind: 'connection' as const, value: id, validFrom: undefined, validUntil: undefined }
      const connection = { id, companyId, provider: 'calcom', secretVersion: 1, createdAt: now(), deactivatedAt: undefined }
      await connectionsOf(companyId).insert(connection, `secret of ${id}`, [signal], author)
      await connectionsOf(companyId).rotateSecret(id, `next of ${id}`, new Date(Date.now() + 60_000), author)
      counts.written++
      await sleep(5)
    }
  })()

  async function rotateInAnotherProcess(target: RotationTarget, killsAt: readonly number[]): Promise<KeyRotation> {
    const id = newId('rot')
    const progress = async () => {
      const { rotations } = await createKeyStatusReader(database, { currentKekId: async () => '' }).read()
      const rotation = rotations.find((each) => each.id === id)
      return target === 'kek' ? (rotation?.dataKeysRewrapped ?? 0) : (rotation?.secretsResealed ?? 0)
    }
    for (const killAt of [...killsAt, Infinity]) {
      const program = new URL('../../test/rotate-keys-process.ts', import.meta.url).pathname
      const ring = [...next, ...old].map(({ id: kekId, key }) => `${kekId}:${key.export().toString('base64')}`).join(',')
      const child = spawn(process.execPath, [program, url, id, target], { env: { ...process.env, VAULT_KEYS: ring } })
      const output = { out: '', err: '' }
      child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()))
      const exit = once(child, 'exit') as Promise<[number | null, string | null]>
      if (killAt < Infinity) {
        await eventually(async () => expect(await progress(), output.err).toBeGreaterThanOrEqual(killAt), { timeoutMs: 30_000 })
        child.kill('SIGKILL')
        expect((await exit)[1], 'it was over before it could be killed').toBe('SIGKILL')
      } else {
        expect(await exit, output.err).toEqual([0, null])
        return JSON.parse(output.out) as KeyRotation
      }
    }
    throw new TypeError('unreachable')
  }

  let replaced: KeyRotation
  let kek: KeyRotation
  try {
    replaced = await rotateInAnotherProcess('data_keys', [200, 900, 1_600])
    kek = await rotateInAnotherProcess('kek', [20])
  } finally {
    stop.abort()
    await Promise.all([...readers, writer])
  }
  const status = await (await resolverWith(next, database, telemetry)).status.read()
  process.stdout.write(`${JSON.stringify({ ...counts, replaced, kek, status: { ...status, rotations: status.rotations.length } })}\n`)
  expect(counts.failed).toBe(0)
  expect(counts.reads).toBeGreaterThan(1_000)
  expect(counts.written).toBeGreaterThan(5)
  expect(replaced).toMatchObject({ failures: 0, companiesTotal: 120 })
  expect(replaced.secretsResealed).toBeGreaterThanOrEqual(2_400)
  expect(status).toMatchObject({ connectionsOnOldKey: 0, connectionsOnActiveKey: clear.length + counts.written })
  expect(status.dataKeys.filter(({ kekId, state }) => kekId !== 'next' || state === 'retiring')).toEqual([])
  // The old key-encryption key is not needed any more, and no replaced data key either.
  await dropReplacedKeys(database)
  await readAll(await resolverWith(next, database, telemetry), clear)
}, 120_000)
