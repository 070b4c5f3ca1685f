import { deriveEventId, newId, parseEventId } from '@frontdesk/contracts'
import { companyTablesOf, openDatabase, withTransaction } from '@frontdesk/database'
import { withConnection } from '@frontdesk/database/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { author, openMigratedDatabase } from '../../test/migrated-database.ts'
import { attributeEvents } from '../app/attribute-events.ts'
import type { Attribution, ProviderEvent } from '../domain/attribute.ts'
import { shippedModel } from '../domain/model.ts'
import { createAttributionLedger, type LedgerDependencies } from './attribution-ledger.ts'
import { createAttributionReader } from './attribution-reader.ts'
import { createModelInForce } from './model-in-force.ts'
import * as schema from './schema/index.ts'
import { createSignalCache } from './signal-cache.ts'
import { createSignalRepository } from './signal-repository.ts'

let context: Awaited<ReturnType<typeof openMigratedDatabase>>
const agents = { a: newId('agent'), b: newId('agent') }
let companyA: string
let ledgerDependencies: LedgerDependencies
beforeAll(async () => {
  context = await openMigratedDatabase()
  const models = createModelInForce(shippedModel, context.telemetry.logger)
  ledgerDependencies = { cache: createSignalCache(1_000), models, now: () => new Date() }
  for (const value of Object.values(agents)) {
    // Companies in a known order.
    const companyId = await context.aCompany()
    companyA ??= companyId
    const signal = { id: newId('sig'), companyId, kind: 'voice_agent', value, validFrom: undefined, validUntil: undefined } as const
    await createSignalRepository(context.database, context.journal, companyId).insert(signal, author)
  }
})
afterAll(() => context[Symbol.asyncDispose]())

const anEvent = (key: string, overrides: Partial<ProviderEvent> = {}): ProviderEvent => ({
  eventId: deriveEventId([key]),
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  provider: 'retell',
  entity: { provider: 'retell', scope: 'platform', type: 'call', id: key },
  entityStartedAt: undefined,
  receivedAt: new Date(),
  evidence: [{ kind: 'voice_agent', value: agents.a }],
  schemaViolations: [],
  source: { deliveryId: `dlv_${key}` },
  ...overrides,
})

const attributeAll = (events: ProviderEvent[], database = context.database) =>
  withTransaction(database, (tx) => attributeEvents({ ledger: createAttributionLedger(tx, ledgerDependencies) })(events))
const idOf = (key: string) => parseEventId(deriveEventId([key])) ?? deriveEventId([])
const reader = () => createAttributionReader(context.database)

test('a decision is read back whole, the newest revision unless one is named', async () => {
  const [first] = await attributeAll([anEvent('whole')])
  await attributeAll([anEvent('whole', { revision: 2, evidence: [{ kind: 'voice_agent', value: 'nobody' }], entity: undefined })])
  if (!first) throw new Error('nothing was decided')
  const { withdrawnFrom, ...decided } = first
  const { eventId, revision, eventType, source } = first.event
  expect(withdrawnFrom).toBeUndefined()
  expect(first.decision).toMatchObject({ kind: 'attributed', companyId: companyA })
  expect(await reader().find(idOf('whole'), 1)).toMatchObject({ ...decided, event: { eventId, revision, eventType, source } })
  expect(await reader().find(idOf('whole'), 0)).toMatchObject({ event: { revision: 2 }, decision: { reason: 'no_match' } })
  expect(await reader().find(idOf('never'), 0)).toBeUndefined()
})

test('200 events of one batch are kept, each with its own evidence', async () => {
  const before = await reader().counts()
  await attributeAll(
    Array.from({ length: 200 }, (_, index) => anEvent(`many-${index}`, { evidence: [{ kind: 'team', value: `${index}` }] })),
  )
  await attributeAll([])
  expect(await reader().counts()).toEqual({ ...before, quarantined: before.quarantined + 200n })
  expect(await reader().find(idOf('many-137'), 1)).toMatchObject({ waterfall: [{ kind: 'team', value: '137', companyIds: [] }] })
})

test('the entity stays with the company of its first event, wherever later ones go', async () => {
  const events = [agents.a, agents.b, undefined].map((agent, index) =>
    anEvent('stays', { eventId: deriveEventId(['stays', String(index)]), evidence: agent ? [{ kind: 'voice_agent', value: agent }] : [] }),
  )
  const companies: unknown[] = []
  for (const event of events) {
    // One commit after the other.
    const [attribution] = await attributeAll([event])
    companies.push(attribution?.decision.kind === 'attributed' && attribution.decision.companyId)
  }
  expect(companies[1]).not.toBe(companies[0])
  expect(companies).toEqual([companyA, companies[1], companyA])
})

test('a later revision of the entity’s first event moves the entity, and one of another event does not', async () => {
  const to = (agent: string | undefined, overrides: Partial<ProviderEvent>) =>
    attributeAll([anEvent('moves', { evidence: agent ? [{ kind: 'voice_agent', value: agent }] : [], ...overrides })])
  const silent = async (key: string) => (await to(undefined, { eventId: deriveEventId(['moves', key]) }))[0]?.decision
  await to(agents.a, {})
  await to(agents.b, { eventId: deriveEventId(['moves', 'second']), revision: 2 })
  expect(await silent('after another event')).toMatchObject({ companyId: companyA })
  const [moved] = await to(agents.b, { revision: 2 })
  expect(moved).toMatchObject({ decision: { kind: 'attributed' }, withdrawnFrom: { companyId: companyA, revision: 1 } })
  expect(await silent('after its own')).toMatchObject({ companyId: moved?.decision.kind === 'attributed' && moved.decision.companyId })
})

test('the entity has one company, though many write at once and in any order', async () => {
  const keys = Array.from({ length: 20 }, (_, index) => `race-${index}`)
  const writers = Array.from({ length: 8 }, (_, writer) => {
    const events = keys.map((key) =>
      anEvent(key, {
        eventId: deriveEventId([key, String(writer)]),
        evidence: [{ kind: 'voice_agent', value: writer % 2 ? agents.b : agents.a }],
      }),
    )
    return attributeAll(writer % 3 ? events : events.toReversed())
  })
  await Promise.all(writers)
  const silent = keys.map((key) => anEvent(key, { eventId: deriveEventId([key, 'silent']), evidence: [] }))
  const once = await attributeAll(silent)
  const again = await attributeAll(silent.map((event) => ({ ...event, revision: 2 })))
  expect(once.every(({ decision }) => decision.kind === 'attributed')).toBe(true)
  expect(again.map(({ decision }) => decision)).toEqual(once.map(({ decision }) => decision))
})

test('values of any length and any bytes are evidence that matches nothing', async () => {
  const values = ['x'.repeat(5_000), '\u0000', '🦊', "'; drop table signals; --"]
  const decided = await attributeAll(
    values.map((value, index) => anEvent(`odd-${index}`, { evidence: [{ kind: 'organizer_email', value }] })),
  )
  expect(decided.map(({ decision }) => decision)).toEqual(values.map(() => ({ kind: 'quarantined', reason: 'no_match', details: [] })))
})

const companyOf = ([attribution]: readonly Attribution[]) =>
  attribution?.decision.kind === 'attributed' ? attribution.decision.companyId : undefined
const ofAgent = (key: string, value: string) => anEvent(key, { evidence: [{ kind: 'voice_agent', value }] })

test('a batch costs one read when the directory has not changed, also where nobody knows its evidence', async () => {
  await using database = openDatabase({ ...context, poolSize: 1, companyTables: companyTablesOf(schema) })
  // Since the last time that it was asked: a lent connection is made as new when it comes back.
  const reads = () =>
    withConnection(database, async (connection) => {
      const { rows } = await connection.execute("show session status like 'Com_select'", [])
      return Number(rows[0]?.['Value'])
    })
  const batch = (key: string) => [ofAgent(`${key} 1`, agents.a), ofAgent(`${key} 2`, agents.b), ofAgent(`${key} 3`, 'agent_nobody')]
  await reads()
  await attributeAll(batch('cold'), database)
  expect(await reads()).toBe(2)
  await attributeAll(batch('warm'), database)
  expect(await reads()).toBe(1)
})

test('a change of the directory counts for the next batch, also of what nobody knew', async () => {
  const agent = newId('agent')
  expect(companyOf(await attributeAll([ofAgent('unknown', agent)]))).toBeUndefined()
  const companyId = await context.aCompany()
  const signal = { id: newId('sig'), companyId, kind: 'voice_agent', value: agent, validFrom: undefined, validUntil: undefined } as const
  const signals = createSignalRepository(context.database, context.journal, companyId)
  await signals.insert(signal, author)
  expect(companyOf(await attributeAll([ofAgent('added', agent)]))).toBe(companyId)
  await signals.change(signal.id, (before) => ({ ...before, validUntil: new Date(0) }), author)
  expect(companyOf(await attributeAll([ofAgent('ended', agent)]))).toBeUndefined()
  await signals.change(signal.id, (before) => ({ ...before, validUntil: undefined }), author)
  await context.companies.change(companyId, (company) => ({ ...company, deactivatedAt: new Date(0) }), author)
  expect((await attributeAll([ofAgent('inactive', agent)]))[0]?.decision).toMatchObject({ reason: 'inactive_company' })
})

test('a batch that began before a change decides by what was so, and the change waits for it', async () => {
  const agent = newId('agent')
  const companyId = await context.aCompany()
  await attributeAll([ofAgent('stale 0', agent)])
  const signal = { id: newId('sig'), companyId, kind: 'voice_agent', value: agent, validFrom: undefined, validUntil: undefined } as const
  let inserted: Promise<void> | undefined
  const decided = await withTransaction(context.database, async (tx) => {
    const ledger = createAttributionLedger(tx, ledgerDependencies)
    await ledger.lookUp([ofAgent('stale 1', agent)])
    inserted = createSignalRepository(context.database, context.journal, companyId).insert(signal, author)
    return attributeEvents({ ledger })([ofAgent('stale 1', agent)])
  })
  expect(companyOf(decided)).toBeUndefined()
  await inserted
  expect(companyOf(await attributeAll([ofAgent('stale 2', agent)]))).toBe(companyId)
})
