import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startTestServer } from '../test/start-test-server.ts'

test('headers that do not come in time are answered with 408 and the connection is closed', async () => {
  await using server = await startTestServer({ headersTimeoutMs: 200 })
  const startedAt = performance.now()
  const reply = await server.raw('GET /kind HTTP/1.1\r\nhost: x\r\n')
  expect(performance.now() - startedAt).toBeLessThan(1_500)
  expect(reply).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  expect(JSON.parse(reply.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 408, code: 'deadline_exceeded' })
})

test('a body that does not come in time is answered with 408', async () => {
  await using server = await startTestServer({ headersTimeoutMs: 200, requestTimeoutMs: 300 })
  const reply = await server.raw('POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc')
  expect(reply).toMatch(/^HTTP\/1\.1 408 /)
})

test('headers beyond 16 KB are 431, and what is not HTTP is 400, each a problem', async () => {
  await using server = await startTestServer()
  const [large, garbage] = await Promise.all([
    server.raw(`GET /kind HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`),
    server.raw('\x16\x03\x01 hello\r\n\r\n'),
  ])
  expect(large).toMatch(/^HTTP\/1\.1 431 /)
  expect(garbage).toMatch(/^HTTP\/1\.1 400 /)
  expect(garbage).toContain('application/problem+json')
})

test('connections beyond the cap are closed and counted, and those within are served', async () => {
  await using server = await startTestServer({ maxConnections: 2 })
  const held = [connect(server.port, '127.0.0.1'), connect(server.port, '127.0.0.1')]
  await Promise.all(held.map((socket) => once(socket, 'connect')))
  const third = connect(server.port, '127.0.0.1')
  third.on('error', () => {})
  await once(third, 'close')
  const [socket] = held
  socket?.write('GET /kind HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  expect(String((await once(socket!, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
  expect((await server.telemetry.metrics.render()).body).toContain('frontdesk_http_connections_dropped_total 1')
  for (const each of held) each.destroy()
})

test('closing finishes the request in hand, tells its connection to close, and drops idle ones', async () => {
  await using server = await startTestServer()
  const idle = connect(server.port, '127.0.0.1')
  idle.write('GET /kind HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(idle, 'data')

  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>()
  server.onEcho(() => {
    enter()
    return released
  })
  const answered = fetch(`${server.url}/echo`, { method: 'POST', body: 'in hand' })
  await entered
  const startedAt = performance.now()
  const closed = server.app.close()
  await once(idle, 'close')
  release()
  const response = await answered
  expect(response.headers.get('connection')).toBe('close')
  expect(await response.text()).toBe('in hand')
  await closed
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('a caller that hangs up in the middle of its body is no failure of ours', async () => {
  await using server = await startTestServer()
  const socket = connect(server.port, '127.0.0.1')
  socket.write('POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc')
  await server.eventually(async () => expect(await server.connections()).toBe(1))
  socket.destroy()
  await server.eventually(async () => expect(await server.connections()).toBe(0))
  expect((await fetch(`${server.url}/kind`)).status).toBe(200)
  expect(server.telemetry.lines).toEqual([])
})

test('no odd request ends the process: the server answers each with 4xx and goes on', async () => {
  await using server = await startTestServer()
  const end = 'host: x\r\nconnection: close\r\n\r\n'
  const odd = [
    `GET //\\/%00%ff HTTP/1.1\r\n${end}`,
    `GET http://other/%E0%A4%A HTTP/1.1\r\n${end}`,
    `GET ? HTTP/1.1\r\n${end}`,
    `OPTIONS * HTTP/1.1\r\n${end}`,
    `CONNECT x:1 HTTP/1.1\r\n${end}`,
    `PROPFIND /echo HTTP/1.1\r\n${end}`,
    `QUERY /echo HTTP/1.1\r\n${end}`,
    `POST /echo HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n${end}`,
    `POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n${end}zz\r\n`,
    `POST /echo HTTP/1.1\r\ncontent-length: -1\r\n${end}`,
    `POST /nothing/%zz HTTP/1.1\r\ncontent-type: ;;;\r\ncontent-length: 0\r\n${end}`,
    `GET /kind HTTP/9.9\r\n${end}`,
  ]
  const replies = await Promise.all(odd.map((bytes) => server.raw(bytes)))
  // CONNECT without a listener for it is hung up on by Node.
  expect(replies.map((reply) => reply.slice(0, 10)).filter((head) => head !== '')).toEqual(
    Array.from({ length: odd.length - 1 }, () => expect.stringMatching(/^HTTP\/1\.1 4$/)),
  )
  expect((await fetch(`${server.url}/kind`)).status).toBe(200)
})
