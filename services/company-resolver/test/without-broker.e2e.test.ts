import { applyStreams, connectBus } from '@frontdesk/bus'
import { EvidenceKind } from '@frontdesk/contracts'
import { createTestAuthority } from '@frontdesk/rpc/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase, eventually, freePort, startNats } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { migrateCompanyResolver, startCompanyResolver } from '../src/service.ts'
import { clientsOf, ingressEvent, testConfig } from './harness.ts'

test('it starts, is ready and answers without a broker, and takes up events once there is one', async () => {
  await using telemetry = createTestTelemetry()
  await using authority = await createTestAuthority()
  await using database = await createTestDatabase()
  const port = await freePort()
  const config = testConfig({ mysqlUrl: database.url, natsUrl: `nats://127.0.0.1:${port}`, jwksFile: authority.jwksFile })
  await migrateCompanyResolver(config)
  // A second replica that migrates finds nothing to do.
  await migrateCompanyResolver(config)
  await using service = await startCompanyResolver(config)
  const { directory, attribution } = clientsOf(service.rpcPort, authority.issuer('cli'), telemetry)
  await using _directory = directory
  await using _attribution = attribution
  expect((await fetch(`${service.adminUrl}/readyz`)).status).toBe(200)
  const { company } = await directory.createCompany({ name: 'Salon', timeZone: 'UTC' })
  await directory.addSignal({ companyId: company?.companyId ?? '', kind: EvidenceKind.VOICE_AGENT, value: 'agent_a' })

  await using nats = await startNats({ port })
  await using bus = connectBus({ servers: nats.url, name: 'test', telemetry })
  await bus.connected()
  await applyStreams(bus)
  const event = ingressEvent({ key: 'late', source: { evidence: [{ kind: EvidenceKind.VOICE_AGENT, value: 'agent_a' }] } })
  expect(await bus.publish([event])).toMatchObject([{ ok: true }])
  const decided = await eventually(() => attribution.getAttribution({ eventId: event.envelope.id }), { timeoutMs: 15_000 })
  expect(decided.attribution?.decision).toMatchObject({ value: { companyId: company?.companyId } })
})
