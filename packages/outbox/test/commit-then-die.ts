// Commits one event with a change of its own, and is gone before anything can be published.
import { openDatabase, withTransaction } from '@frontdesk/database'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createOutbox } from '../src/outbox.ts'
import { makeNewEvent, testEventId } from '../src/testing.ts'
import { busWithoutBroker, effects } from './harness.ts'

const telemetry = createTestTelemetry()
const database = openDatabase({ url: process.argv[2] ?? '', companyTables: new Set(), telemetry })
const outbox = createOutbox({ database, bus: busWithoutBroker(telemetry), telemetry, source: 'frontdesk/test' })
await withTransaction(database, async (tx) => {
  tx.afterCommit(() => process.kill(process.pid, 'SIGKILL'))
  await tx.orm.insert(effects).values({ eventKey: 'committed' })
  await outbox.append(tx, [makeNewEvent({ id: testEventId('crash') })])
})
