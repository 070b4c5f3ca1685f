import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually, startNats } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { connectBus } from './bus.ts'

/** Speaks enough of the protocol for a client to believe that it is a broker of this version. */
async function fakeBroker(version: string) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write(`INFO ${JSON.stringify({ version, max_payload: 1024, headers: true, proto: 1, port: 0, host: 'x', server_id: 'x' })}\r\n`)
    socket.on('data', (chunk) => {
      for (const _ of chunk.toString().matchAll(/PING\r\n/g)) socket.write('PONG\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    say: (line: string) => sockets.forEach((socket) => socket.write(line)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a broker that is too old is refused with a clear line, and nothing is published to it', async () => {
  const telemetry = createTestTelemetry()
  await using broker = await fakeBroker('2.9.10')
  await using bus = connectBus({ servers: broker.url, name: 'test', telemetry })
  await eventually(() => expect(bus.status()).toBe('incompatible'))
  expect(telemetry.lines).toContainEqual(expect.objectContaining({ version: '2.9.10', oldest: '2.10.0', level: expect.anything() }))
  await expect(bus.manager({ timeoutMs: 20 })).rejects.toMatchObject({
    code: 'unavailable',
    publicMessage: expect.stringContaining('incompatible'),
  })
})

test('a client that the broker closed for good is replaced by a new one', async () => {
  const telemetry = createTestTelemetry()
  await using broker = await fakeBroker('2.10.27')
  await using bus = connectBus({ servers: broker.url, name: 'test', telemetry })
  await bus.connected()
  // The second authorization error in a row makes the client give up.
  for (let times = 0; times < 2; times++) {
    broker.say("-ERR 'Authorization Violation'\r\n")
    await eventually(() => expect(bus.status()).toBe('connecting'))
    await eventually(() => expect(bus.status()).toBe('connected'))
  }
  expect(telemetry.lines.map(({ msg }) => msg)).toContain('the broker client closed for good; starting another')
})

test('a bus can be disposed at any time: before it ever connected, while connected, and twice', async () => {
  const telemetry = createTestTelemetry()
  const away = connectBus({ servers: '127.0.0.1:1', name: 'test', telemetry })
  const refused = away.connected().catch((error: unknown) => error)
  away.consume({ stream: 'INGRESS', durable: 'company-resolver', handle: async () => [] })
  await away[Symbol.asyncDispose]()
  expect(await refused).toMatchObject({ code: 'unavailable' })
  expect(away.status()).toBe('closed')

  await using nats = await startNats()
  const bus = connectBus({ servers: nats.url, name: 'test', telemetry })
  await bus.connected()
  await bus[Symbol.asyncDispose]()
  await bus[Symbol.asyncDispose]()
  expect(bus.status()).toBe('closed')
  expect((await telemetry.metrics.render()).body).toContain('frontdesk_bus_connected 0')
})

test('servers that are no URLs are refused at once', () => {
  expect(() => connectBus({ servers: 'nats://a b', name: 'test', telemetry: createTestTelemetry() })).toThrow(TypeError)
  expect(() => connectBus({ servers: ' , ', name: 'test', telemetry: createTestTelemetry() })).toThrow(TypeError)
})
