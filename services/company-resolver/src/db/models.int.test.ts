import { deriveEventId, type EventId, newId, parseEventId } from '@frontdesk/contracts'
import { companyTablesOf, type Database, openDatabase, withConnection, withDatabaseLock, withTransaction } from '@frontdesk/database'
import { eventually } from '@frontdesk/testing'
import { eq, sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { activateModel, releaseModel } from '../app/activate-model.ts'
import { attributeEvents } from '../app/attribute-events.ts'
import { type RefitDependencies, refitIfDue, refitModel } from '../app/refit-model.ts'
import type { ProviderEvent } from '../domain/attribute.ts'
import type { QuarantineReason } from '../domain/decide.ts'
import { shippedModel } from '../domain/model.ts'
import type { ReviewAct } from '../domain/review.ts'
import type { MatchedEvidence } from '../domain/evidence.ts'
import { createAttributionLedger } from './attribution-ledger.ts'
import { stateId } from './change-directory.ts'
import { createExperienceReader } from './experience-reader.ts'
import { measureModel } from './measure-model.ts'
import { createModelInForce } from './model-in-force.ts'
import { createModelRepository, keepShippedModel } from './model-repository.ts'
import * as schema from './schema/index.ts'
import { createSignalCache } from './signal-cache.ts'

let context: Awaited<ReturnType<typeof openMigratedDatabase>>
let companyId: string
let clock: Date
beforeEach(async () => {
  context = await openMigratedDatabase()
  companyId = await context.aCompany()
  clock = new Date('2026-11-29T12:00:00Z')
})
afterEach(() => context[Symbol.asyncDispose]())

const idOf = (key: string): EventId => parseEventId(deriveEventId([key])) ?? deriveEventId([])
const later = (minutes: number) => void (clock = new Date(clock.getTime() + minutes * 60_000))

/** What one replica has of its own. */
function aReplica(database: Database = context.database) {
  const errors: unknown[] = []
  const inForce = createModelInForce(shippedModel, { error: (...said: unknown[]) => void errors.push(said) })
  const models = createModelRepository(database, shippedModel, inForce)
  const now = () => clock
  const refitting: RefitDependencies = {
    experience: createExperienceReader(database),
    models,
    shipped: shippedModel,
    alone: (work) => withDatabaseLock(database, 'refit', work, { waitMs: 0 }),
    turn: async () => {},
    now,
  }
  const ledger = { cache: createSignalCache(100), models: inForce, now }
  return {
    database,
    errors,
    models,
    ledger,
    refit: refitModel(refitting),
    refitIfDue: refitIfDue(refitting, { afterLabels: 100, intervalMs: 60 * 60_000 }),
    activate: activateModel({ models, now }),
    release: releaseModel({ models, now }),
    /** The version by which it decides an event. */
    async decides() {
      const decide = (tx: Parameters<typeof createAttributionLedger>[0]) => attributeEvents({ ledger: createAttributionLedger(tx, ledger) })
      const [decided] = await withTransaction(database, (tx) => decide(tx)([anEvent()]))
      return decided?.modelVersion
    },
  }
}

const anEvent = (): ProviderEvent => ({
  eventId: deriveEventId([newId('evt')]),
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  provider: 'retell',
  entity: { provider: 'retell', scope: 'platform', type: 'call', id: newId('call') },
  entityStartedAt: undefined,
  receivedAt: clock,
  evidence: [{ kind: 'metadata', value: companyId }],
  schemaViolations: [],
  source: {},
})

interface Said {
  readonly key?: string
  readonly act?: ReviewAct
  readonly companyId?: string | undefined
  readonly waitedFor?: QuarantineReason
  readonly propensity?: number | null
  readonly evidence?: readonly MatchedEvidence[]
}

/** What persons said of events that were decided before, in this order. */
async function review(said: readonly Said[]): Promise<void> {
  const { orm } = context.database
  const rows = said.map((one) => ({ key: newId('evt'), ...one }))
  const decisions = new Map(rows.map((row) => [row.key, row])).values()
  await orm
    .insert(schema.attributions)
    .values(
      [...decisions].map(({ key, evidence = [] }) => ({
        eventId: idOf(key),
        revision: 1,
        eventType: 'frontdesk.call.ended.v1' as const,
        source: {},
        reason: 'no_match' as const,
        details: [],
        waterfall: evidence.map((piece) => ({ ...piece, weight: 0, running: [] })),
        candidates: [],
        nonePosterior: 0,
        modelVersion: 'shipped-4',
        directoryVersion: 1n,
        asOf: clock,
        decidedAt: clock,
      })),
    )
    .onDuplicateKeyUpdate({ set: { revision: 1 } })
  await orm.insert(schema.reviews).values(
    rows.map(({ key, act = 'discarded', propensity = 1, ...row }) => ({
      eventId: idOf(key),
      revision: 1,
      act,
      companyId: row.companyId ?? null,
      waitedFor: row.waitedFor ?? null,
      reviewedBy: 'usr_ada',
      reviewedAt: clock,
      note: '',
      modelVersion: 'shipped-4',
      propensity,
    })),
  )
}

const number: MatchedEvidence = { kind: 'phone_number', value: '+4930123456', companyIds: [] }
/** As many strangers, and now and then a company's call from a number that the directory did not know. */
const strangers = (count: number): Said[] =>
  Array.from({ length: count }, (_, index): Said =>
    index % 5 === 0
      ? { act: 'released', companyId, evidence: [number, { kind: 'team', value: '1', companyIds: [companyId] }] }
      : { evidence: [number] },
  )
const versions = async () =>
  (await context.database.orm.select({ version: schema.models.version }).from(schema.models)).map((row) => row.version)

test('of what was said of an event the last word holds; what says nothing of signals, or that nobody looked at, is no label', async () => {
  await review([
    { key: 'changed his mind' },
    { key: 'corrected later', act: 'released', companyId },
    { key: 'sibling', act: 'sibling_released', companyId, propensity: null },
    { key: 'drift', waitedFor: 'schema_drift' },
    { key: 'ended', waitedFor: 'inactive_company' },
    { key: 'not drawn', act: 'corrected', companyId, propensity: null },
    { key: 'audit', act: 'confirmed', companyId, propensity: 0.002, evidence: [number] },
    { key: 'changed his mind', act: 'released', companyId, waitedFor: 'no_match' },
    { key: 'corrected later', act: 'corrected', companyId: 'cmp_other', propensity: null },
  ])
  const experience = createExperienceReader(context.database)
  const labels = await experience.labels(100)
  expect(labels).toEqual([
    { sequence: 2n, label: { evidence: [], companyId: 'cmp_other', propensity: 1 } },
    { sequence: 7n, label: { evidence: [number], companyId, propensity: 0.002 } },
    { sequence: 8n, label: { evidence: [], companyId, propensity: 1 } },
  ])
  expect(await experience.labels(2)).toEqual(labels.slice(1))
  expect(await experience.countLabels(0n)).toBe(labels.length)
  expect(await experience.countLabels(7n)).toBe(1)
  expect(await experience.countCompanies()).toBe(1)
  expect(await experience.recent(3)).toEqual([[number], [], []])
})

test('labels and events are read to the end, however many pages they are', async () => {
  await review(strangers(1_201))
  const experience = createExperienceReader(context.database)
  expect((await experience.labels(5_000)).map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 1_201 }, (_, index) => BigInt(index + 1)),
  )
  expect(await experience.labels(700)).toHaveLength(700)
  expect(await experience.recent(5_000)).toHaveLength(1_201)
  expect(await experience.recent(1_000)).toHaveLength(1_000)
})

test('another model counts for the next batch of every replica, which reads it once', async () => {
  await using database = openDatabase({ ...context, poolSize: 1, companyTables: companyTablesOf(schema) })
  const [first, second] = [aReplica(), aReplica(database)]
  expect([await first.decides(), await second.decides()]).toEqual(['shipped-4', 'shipped-4'])
  await review(strangers(500))
  expect(await first.refit({ by: 'usr_ada', dryRun: false })).toMatchObject({ labels: 500, objection: undefined })
  expect(await first.decides()).toBe('fitted-1')
  const reads = () =>
    withConnection(database, async (connection) => {
      const { rows } = await connection.execute("show session status like 'Com_select'", [])
      return Number(rows[0]?.['Value'])
    })
  await reads()
  expect(await second.decides()).toBe('fitted-1')
  expect(await reads()).toBe(2)
  expect(await second.decides()).toBe('fitted-1')
  expect(await reads()).toBe(1)
  await first.activate({ version: 'shipped-4', by: 'usr_ada' })
  expect([await first.decides(), await second.decides()]).toEqual(['shipped-4', 'shipped-4'])
})

test('a batch that began before another model came into force ends by the old one, and the new one waits for it', async () => {
  const replica = aReplica()
  await review(strangers(500))
  await replica.refit({ by: 'usr_ada', dryRun: false })
  let changed = false
  const { change, version } = await withTransaction(context.database, async (tx) => {
    const ledger = createAttributionLedger(tx, replica.ledger)
    const { model } = await ledger.lookUp([anEvent()])
    const change = replica.activate({ version: 'shipped-4', by: 'usr_ada' }).then(() => (changed = true))
    await tx.execute('select sleep(0.3)', [])
    expect(changed).toBe(false)
    return { change: [change], version: model.version }
  })
  expect(version).toBe('fitted-1')
  await Promise.all(change)
  expect(await replica.decides()).toBe('shipped-4')
})

test('it is time for a fit at 500 labels, then after 100 more and an hour, and of replicas that look at once one makes it', async () => {
  await using database = openDatabase({ ...context, poolSize: 3, companyTables: companyTablesOf(schema) })
  const replicas = [aReplica(), aReplica(), aReplica(database), aReplica(database)]
  const look = async () => (await Promise.all(replicas.map(({ refitIfDue: refit }) => refit()))).filter(Boolean)
  await review(strangers(499))
  expect(await look()).toEqual([])
  await review(strangers(1))
  expect(await look()).toHaveLength(1)
  expect(await versions()).toEqual(['fitted-1'])
  await review(strangers(100))
  expect(await look()).toEqual([])
  later(60)
  expect(await look()).toHaveLength(1)
  await review(strangers(99))
  later(60)
  expect(await look()).toEqual([])
  expect(await versions()).toEqual(['fitted-1', 'fitted-2'])
  // Only the labels that fitted-1 had not seen have judged it.
  const second = await replicas[0]?.models.get('fitted-2')
  expect(second?.fit).toMatchObject({ labels: 600, trial: { against: 'fitted-1', labels: 100 } })
})

test('a person’s choice stands: fits are made and kept meanwhile, until he refits by hand', async () => {
  const replica = aReplica()
  await keepShippedModel(context.database, shippedModel, clock)
  await review(strangers(500))
  await replica.refitIfDue()
  expect(await replica.activate({ version: 'shipped-4', by: 'usr_ada' })).toEqual({ alreadyInForce: false })
  await review(strangers(100))
  later(60)
  expect(await replica.refitIfDue()).toMatchObject({ objection: 'usr_ada has chosen shipped-4: a refit by hand goes on from there' })
  expect(await replica.decides()).toBe('shipped-4')
  expect(await replica.models.get('fitted-2')).toMatchObject({
    objection: expect.stringContaining('usr_ada') as string,
    createdBy: 'company-resolver',
  })
  expect(await replica.refit({ by: 'usr_bob', dryRun: false })).toMatchObject({ objection: undefined })
  expect(await replica.decides()).toBe('fitted-3')
  expect(await replica.models.activations(10)).toMatchObject([
    { version: 'fitted-3', previousVersion: 'shipped-4', act: 'fitted', by: 'usr_bob' },
    { version: 'shipped-4', previousVersion: 'fitted-1', act: 'chosen', by: 'usr_ada' },
    { version: 'fitted-1', previousVersion: 'shipped-4', act: 'fitted', by: 'company-resolver' },
  ])
})

test('a fit that is worse on labels that it has not seen is kept, with why, and a person may choose it all the same', async () => {
  const evidence = [{ ...number, companyIds: [companyId] }]
  const turned = Array.from({ length: 500 }, (_, index): Said => ({
    act: 'released',
    companyId: index < 100 ? 'cmp_zother' : companyId,
    evidence,
  }))
  await review(turned)
  const replica = aReplica()
  const made = await replica.refit({ by: 'usr_ada', dryRun: false })
  expect(made.objection).toMatch(/^it foretells 500 labels that neither was fitted on worse: log loss \d\.\d+, of shipped-4 1\.\d+/)
  expect(await replica.decides()).toBe('shipped-4')
  expect(await replica.models.get('fitted-1')).toMatchObject({ objection: made.objection, fit: { labels: 500 } })
  await replica.activate({ version: 'fitted-1', by: 'usr_ada' })
  expect(await replica.decides()).toBe('fitted-1')
})

test('a fit beside which another model has come into force is kept and changes nothing', async () => {
  const replica = aReplica()
  await review(strangers(500))
  const made = await replica.refit({ by: 'usr_ada', dryRun: true })
  const was = await replica.models.inForce()
  await replica.refit({ by: 'usr_ada', dryRun: false })
  const fit = made.fit && { ...made.fit, model: { ...made.fit.model, version: 'fitted-2' } }
  if (!fit) throw new Error('nothing was fitted')
  const objection = await replica.models.keep(fit, { by: 'usr_bob', at: clock, objection: undefined, was })
  expect(objection).toBe('fitted-1 has come into force meanwhile')
  expect(await replica.decides()).toBe('fitted-1')
})

test('a replica that dies as it keeps its fit leaves nothing of it, and the next one makes it', async () => {
  await using database = openDatabase({ ...context, companyTables: companyTablesOf(schema) })
  const dying = aReplica(database)
  await review(strangers(500))
  const outcome = await withTransaction(context.database, async (tx) => {
    // It has its fit, and waits for the state.
    await tx.orm.select().from(schema.directoryState).where(eq(schema.directoryState.id, stateId)).for('update')
    const refitting = dying.refit({ by: 'usr_ada', dryRun: false }).then(
      () => 'kept',
      () => 'died',
    )
    await eventually(async () => {
      const waiting = sql`select id from information_schema.processlist where db = database() and info like 'insert into %directory_state%'`
      const [[found]] = (await context.database.orm.execute(waiting)) as unknown as [{ id: number }[]]
      if (!found) throw new Error('it does not wait yet')
      await withConnection(context.database, (connection) => connection.execute(`kill ${found.id}`, []))
    })
    return refitting
  })
  expect(outcome).toBe('died')
  const next = aReplica()
  expect([await versions(), await next.decides(), await next.models.activations(1)]).toEqual([[], 'shipped-4', []])
  expect(await eventually(() => next.refitIfDue())).toMatchObject({ fit: { model: { version: 'fitted-1' } } })
  expect(await next.decides()).toBe('fitted-1')
})

test('a model in force that this release can’t read leaves the decisions to the shipped one, under its name, and the log says so once', async () => {
  await review(strangers(500))
  await aReplica().refit({ by: 'usr_ada', dryRun: false })
  await context.database.orm.update(schema.models).set({ parameters: { kinds: {} } })
  const replica = aReplica()
  expect([await replica.decides(), await replica.decides()]).toEqual(['shipped-4', 'shipped-4'])
  expect(replica.errors).toMatchObject([[{ version: 'fitted-1' }, expect.stringContaining('shipped-4 decides')]])
  await expect(replica.activate({ version: 'fitted-1', by: 'usr_ada' })).rejects.toMatchObject({ code: 'not_found' })
})

test('the shipped model of a release is kept once, however many replicas migrate', async () => {
  await Promise.all([1, 2, 3].map(() => keepShippedModel(context.database, shippedModel, clock)))
  expect(await versions()).toEqual(['shipped-4'])
  expect(await aReplica().models.list({ limit: 10, pageToken: '' })).toMatchObject({ items: [{ version: 'shipped-4', fit: undefined }] })
})

test('a person may choose the model that is in force already, and from then on it holds', async () => {
  const replica = aReplica()
  await keepShippedModel(context.database, shippedModel, clock)
  expect(await replica.activate({ version: 'shipped-4', by: 'usr_ada' })).toEqual({ alreadyInForce: false })
  expect(await replica.activate({ version: 'shipped-4', by: 'usr_bob' })).toEqual({ alreadyInForce: true })
  await review(strangers(500))
  expect(await replica.refitIfDue()).toMatchObject({ objection: expect.stringContaining('usr_ada has chosen shipped-4') as string })
  await replica.refit({ by: 'usr_bob', dryRun: false })
  expect(await replica.activate({ version: 'fitted-2', by: 'usr_ada' })).toEqual({ alreadyInForce: false })
  await review(strangers(100))
  later(60)
  expect(await replica.refitIfDue()).toMatchObject({ objection: expect.stringContaining('usr_ada has chosen fitted-2') as string })
  expect(await replica.models.activations(10)).toMatchObject([
    { version: 'fitted-2', previousVersion: 'fitted-2', act: 'chosen', by: 'usr_ada' },
    { version: 'fitted-2', previousVersion: 'shipped-4', act: 'fitted' },
    { version: 'shipped-4', previousVersion: 'shipped-4', act: 'chosen', by: 'usr_ada' },
  ])
})

test('a person who chose a model can let automatic fits take over again: it stays until the next one', async () => {
  const replica = aReplica()
  await keepShippedModel(context.database, shippedModel, clock)
  expect(await replica.release({ by: 'usr_ada' })).toEqual({ alreadyInForce: true })
  await review(strangers(500))
  await replica.refitIfDue()
  await replica.activate({ version: 'fitted-1', by: 'usr_ada' })
  // By hand there is nothing to fit, which leaves the hold.
  expect(await replica.refit({ by: 'usr_ada', dryRun: false })).toMatchObject({ objection: 'fitted-1 was fitted on every label' })
  expect(await replica.release({ by: 'usr_bob' })).toEqual({ alreadyInForce: false })
  expect(await replica.release({ by: 'usr_bob' })).toEqual({ alreadyInForce: true })
  expect(await replica.decides()).toBe('fitted-1')
  await review(strangers(100))
  later(60)
  expect(await replica.refitIfDue()).toMatchObject({ objection: undefined })
  expect(await replica.decides()).toBe('fitted-2')
  expect(await replica.models.activations(10)).toMatchObject([
    { version: 'fitted-2', previousVersion: 'fitted-1', act: 'fitted' },
    { version: 'fitted-1', previousVersion: 'fitted-1', act: 'released', by: 'usr_bob' },
    { version: 'fitted-1', previousVersion: 'fitted-1', act: 'chosen', by: 'usr_ada' },
    { version: 'fitted-1', previousVersion: 'shipped-4', act: 'fitted' },
  ])
})

test('a model in force that this release can’t read is replaced by no fit, only by a choice, and a gauge tells', async () => {
  await review(strangers(500))
  await aReplica().refit({ by: 'usr_ada', dryRun: false })
  await context.database.orm.update(schema.models).set({ parameters: { kinds: {} } })
  const replica = aReplica()
  measureModel(replica.models, context.telemetry)
  const unreadable = async () => /^frontdesk_model_in_force_unreadable (\d)/m.exec((await context.telemetry.metrics.render()).body)?.[1]
  expect(await unreadable()).toBe('1')
  await review(strangers(100))
  later(60)
  const refused = { fit: undefined, objection: 'this release can’t read fitted-1, which is in force' }
  expect(await replica.refitIfDue()).toMatchObject(refused)
  expect(await replica.refit({ by: 'usr_ada', dryRun: false })).toMatchObject(refused)
  expect(await versions()).toEqual(['fitted-1'])
  await keepShippedModel(context.database, shippedModel, clock)
  await replica.activate({ version: 'shipped-4', by: 'usr_ada' })
  expect(await replica.models.activations(1)).toMatchObject([{ version: 'shipped-4', previousVersion: 'fitted-1', act: 'chosen' }])
  expect(await unreadable()).toBe('0')
  expect(await replica.refit({ by: 'usr_ada', dryRun: false })).toMatchObject({ objection: undefined })
})

test('a fit that could not be read back from its JSON is kept, with why, and does not come into force', async () => {
  const replica = aReplica()
  await review(strangers(500))
  const { fit } = await replica.refit({ by: 'usr_ada', dryRun: true })
  if (!fit) throw new Error('nothing was fitted')
  const made = { by: 'usr_ada', at: clock, objection: undefined, was: await replica.models.inForce() }
  const objection = 'its numbers can’t be read back: minConfidence'
  expect(await replica.models.keep({ ...fit, model: { ...fit.model, minConfidence: Number.NaN } }, made)).toBe(objection)
  expect(await replica.models.get('fitted-1')).toMatchObject({ objection })
  expect(await replica.decides()).toBe('shipped-4')
  await expect(replica.activate({ version: 'fitted-1', by: 'usr_ada' })).rejects.toMatchObject({ code: 'not_found' })
})

test('a list of models, one of them and the last fit leave the numbers where they are', async () => {
  await using database = openDatabase({ ...context, poolSize: 1, companyTables: companyTablesOf(schema) })
  const { models } = aReplica(database)
  await review(strangers(500))
  await aReplica().refit({ by: 'usr_ada', dryRun: false })
  await context.database.orm.update(schema.models).set({ parameters: { long: 'x'.repeat(200_000) } })
  const sent = () =>
    withConnection(database, async (connection) => {
      const { rows } = await connection.execute("show session status like 'Bytes_sent'", [])
      return Number(rows[0]?.['Value'])
    })
  const before = await sent()
  expect((await models.list({ limit: 10, pageToken: '' })).items).toMatchObject([{ version: 'fitted-1', fit: { labels: 500 } }])
  expect(await models.get('fitted-1')).toMatchObject({ version: 'fitted-1', fit: { labels: 500 } })
  expect(await models.lastFit()).toEqual({ createdAt: clock, labelsThrough: 500n })
  expect((await sent()) - before).toBeLessThan(20_000)
})

test('models that explain are read once, and not all of them are remembered', async () => {
  const { models } = aReplica()
  const names = Array.from({ length: 20 }, (_, index) => `fitted-${index + 1}`)
  for (const version of names) await keepShippedModel(context.database, { ...shippedModel, version }, clock)
  const find = async (version: string) => (await models.find([version])).get(version)
  const first = await find('fitted-1')
  expect(first).toEqual({ ...shippedModel, version: 'fitted-1' })
  expect(await find('fitted-1')).toBe(first)
  expect([...(await models.find([...names, 'fitted-99'])).keys()].toSorted()).toEqual(['shipped-4', ...names].toSorted())
  expect(await find('fitted-20')).toBe(await find('fitted-20'))
  const again = await find('fitted-1')
  expect(again).toEqual(first)
  expect(again).not.toBe(first)
})
