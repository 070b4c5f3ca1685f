import { companyTablesOf, openDatabase } from '@frontdesk/database'
import { withConnection } from '@frontdesk/database/testing'
import { expect, test } from 'vitest'
import { modelsForEachTest } from '../../test/models-for-each-test.ts'
import { shippedModel } from '../domain/model.ts'
import { measureModel } from './measure-model.ts'
import { keepShippedModel } from './model-repository.ts'
import * as schema from './schema/index.ts'

const world = modelsForEachTest()
const { aReplica, review, strangers, versions, later } = world

test('a person’s choice stands: fits are made and kept meanwhile, until he refits by hand', async () => {
  const replica = aReplica()
  await keepShippedModel(world.context.database, shippedModel, world.now())
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

test('a model in force that this release can’t read leaves the decisions to the shipped one, under its name, and the log says so once', async () => {
  await review(strangers(500))
  await aReplica().refit({ by: 'usr_ada', dryRun: false })
  await world.context.database.orm.update(schema.models).set({ parameters: { kinds: {} } })
  const replica = aReplica()
  expect([await replica.decides(), await replica.decides()]).toEqual(['shipped-4', 'shipped-4'])
  expect(replica.errors).toMatchObject([[{ version: 'fitted-1' }, expect.stringContaining('shipped-4 decides')]])
  await expect(replica.activate({ version: 'fitted-1', by: 'usr_ada' })).rejects.toMatchObject({ code: 'not_found' })
})

test('the shipped model of a release is kept once, however many replicas migrate', async () => {
  await Promise.all([1, 2, 3].map(() => keepShippedModel(world.context.database, shippedModel, world.now())))
  expect(await versions()).toEqual(['shipped-4'])
  expect(await aReplica().models.list({ limit: 10, pageToken: '' })).toMatchObject({ items: [{ version: 'shipped-4', fit: undefined }] })
})

test('a person may choose the model that is in force already, and from then on it holds', async () => {
  const replica = aReplica()
  await keepShippedModel(world.context.database, shippedModel, world.now())
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
  await keepShippedModel(world.context.database, shippedModel, world.now())
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
  await world.context.database.orm.update(schema.models).set({ parameters: { kinds: {} } })
  const replica = aReplica()
  measureModel(replica.models, world.context.telemetry)
  const unreadable = async () =>
    /^frontdesk_model_in_force_unreadable (\d)/m.exec((await world.context.telemetry.metrics.render()).body)?.[1]
  expect(await unreadable()).toBe('1')
  await review(strangers(100))
  later(60)
  const refused = { fit: undefined, objection: 'this release can’t read fitted-1, which is in force' }
  expect(await replica.refitIfDue()).toMatchObject(refused)
  expect(await replica.refit({ by: 'usr_ada', dryRun: false })).toMatchObject(refused)
  expect(await versions()).toEqual(['fitted-1'])
  await keepShippedModel(world.context.database, shippedModel, world.now())
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
  const made = { by: 'usr_ada', at: world.now(), objection: undefined, was: await replica.models.inForce() }
  const objection = 'its numbers can’t be read back: minConfidence'
  expect(await replica.models.keep({ ...fit, model: { ...fit.model, minConfidence: Number.NaN } }, made)).toBe(objection)
  expect(await replica.models.get('fitted-1')).toMatchObject({ objection })
  expect(await replica.decides()).toBe('shipped-4')
  await expect(replica.activate({ version: 'fitted-1', by: 'usr_ada' })).rejects.toMatchObject({ code: 'not_found' })
})

test('a list of models, one of them and the last fit leave the numbers where they are', async () => {
  await using database = openDatabase({ ...world.context, poolSize: 1, companyTables: companyTablesOf(schema) })
  const { models } = aReplica(database)
  await review(strangers(500))
  await aReplica().refit({ by: 'usr_ada', dryRun: false })
  await world.context.database.orm.update(schema.models).set({ parameters: { long: 'x'.repeat(200_000) } })
  const sent = () =>
    withConnection(database, async (connection) => {
      const { rows } = await connection.execute("show session status like 'Bytes_sent'", [])
      return Number(rows[0]?.['Value'])
    })
  const before = await sent()
  expect((await models.list({ limit: 10, pageToken: '' })).items).toMatchObject([{ version: 'fitted-1', fit: { labels: 500 } }])
  expect(await models.get('fitted-1')).toMatchObject({ version: 'fitted-1', fit: { labels: 500 } })
  expect(await models.lastFit()).toEqual({ createdAt: world.now(), labelsThrough: 500n })
  expect((await sent()) - before).toBeLessThan(20_000)
})

test('models that explain are read once, and not all of them are remembered', async () => {
  const { models } = aReplica()
  const names = Array.from({ length: 20 }, (_, index) => `fitted-${index + 1}`)
  for (const version of names) await keepShippedModel(world.context.database, { ...shippedModel, version }, world.now())
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
