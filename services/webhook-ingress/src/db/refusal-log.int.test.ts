import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { createRefusalLog } from './refusal-log.ts'
import { refusals } from './schema/refusals.ts'

let context: Awaited<ReturnType<typeof openMigratedDatabase>>
beforeAll(async () => {
  context = await openMigratedDatabase()
})
afterAll(() => context[Symbol.asyncDispose]())

/** The rows that these refusals of one second leave. */
async function rowsOf(refused: readonly { connectionId: string; code?: 'signature_invalid'; address?: string }[]) {
  const { database, telemetry } = context
  await database.orm.delete(refusals)
  {
    await using log = createRefusalLog(database, telemetry.logger, (id) => id.startsWith('con_ours'))
    const code = 'unknown_connection'
    for (const each of refused) log.record({ provider: 'calcom', code, address: '203.0.113.7', at: new Date(), ...each })
  }
  return database.orm.select().from(refusals)
}

test('a flood of made-up connections hides no refusal of a real one', async () => {
  const flood = Array.from({ length: 1_000 }, (_, index) => ({ connectionId: `con_${index}` }))
  const rows = await rowsOf([
    ...flood,
    { connectionId: 'con_ours', code: 'signature_invalid' },
    { connectionId: 'con_ours', code: 'signature_invalid' },
  ])
  expect(rows).toHaveLength(101)
  expect(rows).toContainEqual(expect.objectContaining({ connectionId: 'con_ours', code: 'signature_invalid', times: 2 }))
})

test('an address of any length is cut, a path that is no id masked, and neither spoils another refusal', async () => {
  const rows = await rowsOf([{ connectionId: 'con_ours' }, { connectionId: 'x'.repeat(500), address: 'y'.repeat(500) }])
  expect(rows).toEqual([
    expect.objectContaining({ connectionId: 'con_ours' }),
    expect.objectContaining({ connectionId: '[masked]', address: 'y'.repeat(45) }),
  ])
})
