import { companyTablesOf, openDatabase, withTransaction } from '@frontdesk/database'
import { withConnection } from '@frontdesk/database/testing'
import { eventually } from '@frontdesk/testing'
import { eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { modelsForEachTest, number, type Said } from '../../test/models-for-each-test.ts'
import { createAttributionLedger } from './attribution-ledger.ts'
import { stateId } from './change-directory.ts'
import { createExperienceReader } from './experience-reader.ts'
import * as schema from './schema/index.ts'

const world = modelsForEachTest()
const { aReplica, anEvent, review, strangers, versions, later } = world

test('of what was said of an event the last word holds; what says nothing of signals, or that nobody looked at, is no label', async () => {
  const { companyId } = world
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
  const experience = createExperienceReader(world.context.database)
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
  const experience = createExperienceReader(world.context.database)
  expect((await experience.labels(5_000)).map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 1_201 }, (_, index) => BigInt(index + 1)),
  )
  expect(await experience.labels(700)).toHaveLength(700)
  expect(await experience.recent(5_000)).toHaveLength(1_201)
  expect(await experience.recent(1_000)).toHaveLength(1_000)
})

test('another model counts for the next batch of every replica, which reads it once', async () => {
  await using database = openDatabase({ ...world.context, poolSize: 1, companyTables: companyTablesOf(schema) })
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
  const { change, version } = await withTransaction(world.context.database, async (tx) => {
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
  await using database = openDatabase({ ...world.context, poolSize: 3, companyTables: companyTablesOf(schema) })
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

test('a fit that is worse on labels that it has not seen is kept, with why, and a person may choose it all the same', async () => {
  const { companyId } = world
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
  const objection = await replica.models.keep(fit, { by: 'usr_bob', at: world.now(), objection: undefined, was })
  expect(objection).toBe('fitted-1 has come into force meanwhile')
  expect(await replica.decides()).toBe('fitted-1')
})

test('a replica that dies as it keeps its fit leaves nothing of it, and the next one makes it', async () => {
  await using database = openDatabase({ ...world.context, companyTables: companyTablesOf(schema) })
  const dying = aReplica(database)
  await review(strangers(500))
  const outcome = await withTransaction(world.context.database, async (tx) => {
    // It has its fit, and waits for the state.
    await tx.orm.select().from(schema.directoryState).where(eq(schema.directoryState.id, stateId)).for('update')
    const refitting = dying.refit({ by: 'usr_ada', dryRun: false }).then(
      () => 'kept',
      () => 'died',
    )
    await eventually(async () => {
      const waiting = sql`select id from information_schema.processlist where db = database() and info like 'insert into %directory_state%'`
      const [[found]] = (await world.context.database.orm.execute(waiting)) as unknown as [{ id: number }[]]
      if (!found) throw new Error('it does not wait yet')
      await withConnection(world.context.database, (connection) => connection.execute(`kill ${found.id}`, []))
    })
    return refitting
  })
  expect(outcome).toBe('died')
  const next = aReplica()
  expect([await versions(), await next.decides(), await next.models.activations(1)]).toEqual([[], 'shipped-4', []])
  expect(await eventually(() => next.refitIfDue())).toMatchObject({ fit: { model: { version: 'fitted-1' } } })
  expect(await next.decides()).toBe('fitted-1')
})
