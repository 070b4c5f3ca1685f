// Rotates keys like a resolver that is asked to, until it has finished or is killed. The key ring is in the environment.
import { companyTablesOf, openDatabase } from '@frontdesk/database'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { fixedKeyRing, parseKeyRing } from '@frontdesk/vault'
import { createKeyRotations } from '../src/db/key-rotations.ts'
import * as schema from '../src/db/schema/index.ts'
import { createSealing } from '../src/db/sealing.ts'
import type { RotationTarget } from '../src/domain/key-rotation.ts'

const [url = '', id = '', target = ''] = process.argv.slice(2)
const telemetry = createTestTelemetry()
await using database = openDatabase({ url, companyTables: companyTablesOf(schema), telemetry })
const now = () => new Date()
const sealing = await createSealing(database, fixedKeyRing(parseKeyRing(process.env['VAULT_KEYS'] ?? '')), now)
const rotations = createKeyRotations({ database, now, logger: telemetry.logger, ...sealing })
let rotation = await rotations.begin({
  id,
  target: target as RotationTarget,
  companyId: undefined,
  startedBy: 'test',
  startedAt: now(),
})
while (!rotation.finishedAt) rotation = await rotations.advance(rotation.id, 20)
process.stdout.write(JSON.stringify(rotation))
