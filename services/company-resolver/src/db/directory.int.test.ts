import { setImmediate as nextTurn } from 'node:timers/promises'
import { type CompanyId, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { withTransaction } from '@frontdesk/database'
import { and, eq, inArray } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { author, openMigratedDatabase } from '../../test/migrated-database.ts'
import { newConnection } from '../domain/connection.ts'
import { deactivate } from '../domain/lifespan.ts'
import type { Signal } from '../domain/signal.ts'
import { holdDirectoryState } from './change-directory.ts'
import { createConnectionRepository } from './connection-repository.ts'
import { createConnectionSecretsReader } from './connection-secrets-reader.ts'
import { connections } from './schema/connections.ts'
import { signals } from './schema/signals.ts'
import { createSignalRepository } from './signal-repository.ts'

let context: Awaited<ReturnType<typeof openMigratedDatabase>>
beforeAll(async () => {
  context = await openMigratedDatabase()
})
afterAll(() => context[Symbol.asyncDispose]())

const aSignal = (companyId: CompanyId, overrides: Partial<Signal> = {}): Signal => ({
  id: newId('sig'),
  companyId,
  kind: 'voice_agent',
  value: newId('agent'),
  validFrom: undefined,
  validUntil: undefined,
  ...overrides,
})

const connectionsOf = (companyId: CompanyId) => createConnectionRepository(context, companyId)
const signalsOf = (companyId: CompanyId) => createSignalRepository(context.database, context.journal, companyId)
const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1_000)
const readerAt = (now = new Date()) => createConnectionSecretsReader(context.database, context.vault, context.telemetry, () => now)
const versionNow = async () => (await withTransaction(context.database, holdDirectoryState)).directoryVersion

async function connect(companyId: CompanyId, secret = 'secret-one'): Promise<string> {
  const id = newId('con')
  const signal = aSignal(companyId, { kind: 'connection', value: id })
  const repository = connectionsOf(companyId)
  await repository.insert(newConnection({ id, companyId, provider: 'calcom', createdAt: new Date() }), secret, [signal], author)
  return id
}

test('every change raises the version in its own commit, and a failed one does not', async () => {
  const companyId = await context.aCompany()
  const before = await versionNow()
  const repository = signalsOf(companyId)
  const signal = aSignal(companyId)
  await repository.insert(signal, author)
  await connect(companyId)
  await repository.change(signal.id, (found) => ({ ...found, validUntil: new Date() }), author)
  await context.companies.change(companyId, (company) => deactivate(company, new Date()), author)
  expect(await versionNow()).toBe(before + 4n)
  await expect(repository.insert({ ...aSignal(companyId), value: signal.value, validFrom: new Date(0) }, author)).rejects.toMatchObject({
    code: 'already_exists',
  })
  expect(await versionNow()).toBe(before + 4n)
})

test('a reader that follows the cursor while 40 connections are made at once misses none', async () => {
  const ids = await Promise.all([context.aCompany(), context.aCompany()])
  const reader = readerAt()
  const seen: string[] = []
  let afterVersion = (await reader.list({ afterVersion: 0n, limit: 200 })).nextAfterVersion
  let made = false
  const poll = async () => {
    const page = await reader.list({ afterVersion, limit: 3 })
    seen.push(...page.connections.map(({ connectionId }) => connectionId))
    afterVersion = page.nextAfterVersion
    return page.connections.length
  }
  const following = (async () => {
    // The cursor of the next read comes from this one.
    while (!made || (await poll()) > 0) await (made ? undefined : Promise.all([poll(), nextTurn()]))
  })()
  const connected = await Promise.all(Array.from({ length: 40 }, (_, index) => connect(ids[index % 2] ?? ids[0])))
  made = true
  await following
  expect(seen.toSorted()).toEqual(connected.toSorted())
  expect(new Set(seen).size).toBe(40)
})

test('a rotation keeps the secret before, sealed for its own place', async () => {
  const companyId = await context.aCompany()
  const id = await connect(companyId, 'secret-one')
  const repository = connectionsOf(companyId)
  const reader = readerAt()
  await repository.rotateSecret(id, 'secret-two', tomorrow, author)
  await repository.rotateSecret(id, 'secret-three', tomorrow, author)
  expect(await reader.find(id)).toMatchObject({ currentSecret: 'secret-three', previousSecret: 'secret-two' })
  const other = connectionsOf(await context.aCompany())
  expect(await other.rotateSecret(id, 'secret-four', tomorrow, author)).toBeUndefined()
  expect(await reader.find(newId('con'))).toBeUndefined()
})

test('the secret before is handed out until its end and not after it, nor once it is revoked', async () => {
  const companyId = await context.aCompany()
  const id = await connect(companyId, 'secret-one')
  const repository = connectionsOf(companyId)
  const none = { currentSecret: 'secret-two', previousSecret: undefined, previousUntil: undefined }
  await repository.rotateSecret(id, 'secret-two', tomorrow, author)
  expect(await readerAt().find(id)).toMatchObject({ ...none, previousSecret: 'secret-one', previousUntil: tomorrow })
  expect(await readerAt(tomorrow).find(id)).toMatchObject(none)

  const before = (await readerAt().find(id))?.version ?? 0n
  expect(await repository.rotateSecret(id, 'secret-two', undefined, author)).toMatchObject({ secretVersion: 2 })
  expect(await readerAt().find(id)).toMatchObject({ ...none, version: before + 1n })
  await repository.rotateSecret(id, 'secret-two', undefined, author)
  expect(await readerAt().find(id)).toMatchObject({ version: before + 1n })
  await repository.rotateSecret(id, 'secret-three', undefined, author)
  expect(await readerAt().find(id)).toMatchObject({ ...none, currentSecret: 'secret-three', version: before + 2n })
})

test('each change of a connection is told with its version, and one that changes nothing is not', async () => {
  const companyId = await context.aCompany()
  const id = await connect(companyId, 'secret-one')
  await connectionsOf(companyId).rotateSecret(id, 'secret-two', tomorrow, author)
  await connectionsOf(companyId).rotateSecret(id, 'secret-two', tomorrow, author)
  const reader = readerAt()
  const version = (await reader.find(id))?.version ?? 0n
  expect(context.told.filter(({ after }) => after.id === id)).toMatchObject([
    { kind: 'connection', before: undefined, after: { companyId, secretVersion: 1 }, version: version - 1n },
    { kind: 'connection', before: { secretVersion: 1 }, after: { companyId, secretVersion: 2 }, version },
  ])
})

test('one secret that can’t be opened costs its own connection alone: it is left out, told of, and paged past', async () => {
  const companyId = await context.aCompany()
  const reader = readerAt()
  const { nextAfterVersion: start } = await reader.list({ afterVersion: 0n, limit: 1_000 })
  const ids: string[] = []
  // In a known order.
  for (let index = 0; index < 5; index++) ids.push(await connect(companyId, `secret-of-${index}`))
  const broken = ids.slice(1, 3)
  await context.database.orm
    .update(connections)
    .set({ currentSecret: Buffer.from('sealed by a key that is lost') })
    .where(and(eq(connections.companyId, companyId), inArray(connections.connectionId, broken)))

  const pages: string[][] = []
  let page = await reader.list({ afterVersion: start, limit: 2 })
  for (; page.hasMore; page = await reader.list({ afterVersion: page.nextAfterVersion, limit: 2 })) {
    pages.push(page.connections.map(({ connectionId }) => connectionId))
  }
  pages.push(page.connections.map(({ connectionId }) => connectionId))
  expect(pages).toEqual([[ids[0]], [ids[3]], [ids[4]]])
  expect(page.nextAfterVersion).toBe(start + 5n)
  expect(await reader.list({ afterVersion: start + 5n, limit: 2 })).toEqual({
    connections: [],
    nextAfterVersion: start + 5n,
    hasMore: false,
  })
  // The page of the broken ones alone is empty, and still leads on.
  expect(await reader.list({ afterVersion: start + 1n, limit: 2 })).toEqual({
    connections: [],
    nextAfterVersion: start + 3n,
    hasMore: true,
  })

  await expect(reader.find(broken[0] ?? '')).rejects.toMatchObject({ code: 'internal' })
  expect(context.telemetry.lines).toContainEqual(
    expect.objectContaining({ msg: 'a connection’s secret can’t be opened', connectionId: broken[0], column: 'current_secret' }),
  )
  expect((await context.telemetry.metrics.render()).body).toMatch(
    /^frontdesk_connection_secrets_unreadable_total{column="current_secret"} 5$/m,
  )
})

test('a previous secret that can’t be opened leaves the current one to verify with', async () => {
  const companyId = await context.aCompany()
  const id = await connect(companyId, 'secret-one')
  await connectionsOf(companyId).rotateSecret(id, 'secret-two', tomorrow, author)
  await context.database.orm
    .update(connections)
    .set({ previousSecret: Buffer.from('lost') })
    .where(and(eq(connections.companyId, companyId), eq(connections.connectionId, id)))
  const reader = readerAt()
  const found = await reader.find(id)
  expect(found).toMatchObject({ currentSecret: 'secret-two', previousSecret: undefined })
  expect((await reader.list({ afterVersion: (found?.version ?? 0n) - 1n, limit: 1 })).connections).toEqual([found])
})

test('a signal can’t be tied to another company’s connection, and none to a company that does not exist', async () => {
  const id = await connect(await context.aCompany())
  const other = await context.aCompany()
  const row = { companyId: other, signalId: newId('sig'), kind: 'connection' as const, value: id, connectionId: id }
  await expect(withTransaction(context.database, (tx) => tx.orm.insert(signals).values(row))).rejects.toThrow()
  const nobody = vouchForCompanyId(newId('cmp'))
  await expect(signalsOf(nobody).insert(aSignal(nobody), author)).rejects.toThrow()
})

test('one company’s repository neither sees nor changes another’s signals', async () => {
  const [a, b] = await Promise.all([context.aCompany(), context.aCompany()])
  const signal = aSignal(a)
  await signalsOf(a).insert(signal, author)
  const ofB = signalsOf(b)
  expect((await ofB.list({ after: '', limit: 10 })).map(({ companyId }) => companyId)).toEqual([b])
  expect(await ofB.change(signal.id, (found) => ({ ...found, validUntil: new Date() }), author)).toBeUndefined()
  expect(await signalsOf(a).list({ after: '', limit: 10 })).toContainEqual(signal)
})

test('two of the same signal at the same moment leave one', async () => {
  const companyId = await context.aCompany()
  const repository = signalsOf(companyId)
  const twins = await Promise.allSettled([1, 2].map(() => repository.insert(aSignal(companyId, { value: 'twin' }), author)))
  expect(twins.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

test('a statement on a company’s table without its company is refused', async () => {
  await expect(context.database.orm.select().from(signals)).rejects.toThrow(/company/)
})
