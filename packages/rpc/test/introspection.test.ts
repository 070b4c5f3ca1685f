import { createChannel, createClient, type Channel } from 'nice-grpc'
import { HealthDefinition } from 'nice-grpc-server-health'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRpcServer } from '../src/server.ts'
import { createHarness, type Harness } from './harness.ts'
import { reflect } from './reflect.ts'

// HealthCheckResponse.ServingStatus
const [SERVING, NOT_SERVING] = [1, 2]
let harness: Harness
let channel: Channel | undefined

beforeEach(async () => {
  harness = await createHarness()
})

afterEach(async () => {
  channel?.close()
  await harness[Symbol.asyncDispose]()
})

function health(address: string) {
  channel = createChannel(address)
  return createClient(HealthDefinition, channel)
}

test('health needs no token, and knows the server and each of its services', async () => {
  const { address } = await harness.serve()
  const client = health(address)
  expect((await client.check({ service: '' })).status).toBe(SERVING)
  expect((await client.check({ service: 'frontdesk.ledger.v1.LedgerService' })).status).toBe(SERVING)
  await expect(client.check({ service: 'frontdesk.billing.v1.BillingService' })).rejects.toThrow('NOT_FOUND')
})

test('a stopping server tells who watches its health that it no longer serves, and does not wait for them', async () => {
  const { server, address } = await harness.serve({}, { drainMs: 60_000 })
  const statuses: number[] = []
  const watched = Promise.withResolvers<void>()
  const watch = (async () => {
    for await (const { status } of health(address).watch({ service: '' })) {
      statuses.push(status)
      watched.resolve()
    }
  })().catch(() => undefined)
  await watched.promise
  await server[Symbol.asyncDispose]()
  await watch
  expect(statuses).toEqual([SERVING, NOT_SERVING])
})

test('reflection needs no token, lists the services, and describes their files and those that they import', async () => {
  const { address } = await harness.serve()
  const services = await reflect(address, 'listServices', '*')
  expect(services).toContain('frontdesk.ledger.v1.LedgerService')
  expect(services).toContain('grpc.health.v1.Health')
  expect(services).not.toContain('frontdesk.booking.v1.BookingService')
  const file = await reflect(address, 'fileContainingSymbol', 'frontdesk.ledger.v1.LedgerService')
  expect(file).toContain('frontdesk/ledger/v1/ledger.proto')
  expect(file).toContain('google/protobuf/timestamp.proto')
  expect(await reflect(address, 'fileByFilename', 'google/protobuf/timestamp.proto')).toContain('google.protobuf')
})

test('a server that never listened stops at once', async () => {
  await createRpcServer({ telemetry: harness.telemetry, verifier: harness.authority.verifier('ledger') })[Symbol.asyncDispose]()
})
