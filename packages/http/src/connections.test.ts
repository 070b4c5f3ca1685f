import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
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

const dropped = async (server: Awaited<ReturnType<typeof startTestServer>>) =>
  [...(await server.telemetry.metrics.render()).body.matchAll(/frontdesk_http_connections_dropped_total\{reason="(\w+)"\} (\d+)/g)].map(
    ([, reason, count]) => [reason, Number(count)],
  )

/** Opens a connection and sends the beginning of something. */
async function open(port: number, beginning: string, options: { allowHalfOpen?: boolean } = {}) {
  const socket = connect({ port, host: '127.0.0.1', ...options })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(beginning)
  return socket
}

test('beyond the cap the connection that was waited for longest gives way, and an honest caller gets in at once', async () => {
  await using server = await startTestServer({ maxConnections: 3 })
  const halfHead = await open(server.port, 'GET /kind HTTP/1.1\r\n')
  const halfBody = await open(server.port, 'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc')
  const silent = await open(server.port, '')
  await server.eventually(async () => expect(await server.connections()).toBe(3))
  const gone = once(halfHead, 'close')
  expect(await server.raw('GET /kind HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
  await gone
  expect([halfBody.destroyed, silent.destroyed]).toEqual([false, false])
  for (const socket of [halfBody, silent]) socket.destroy()
  expect(await dropped(server)).toEqual([['connections', 1]])
})

test('whoever is being answered never gives way: beyond a cap full of them the new connection is closed', async () => {
  await using server = await startTestServer({ maxConnections: 2 })
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let entered = 0
  server.onEcho(() => {
    entered += 1
    return released
  })
  const inHand = [1, 2].map(() => fetch(`${server.url}/echo`, { method: 'POST', body: 'in hand' }))
  await server.eventually(() => expect(entered).toBe(2))
  const third = connect(server.port, '127.0.0.1')
  third.on('error', () => {})
  await once(third, 'close')
  release()
  expect((await Promise.all(inHand)).map(({ status }) => status)).toEqual([200, 200])
  expect(await dropped(server)).toEqual([['connections', 1]])
})

test('beyond the cap again, whoever has sent the rest meanwhile is passed over', async () => {
  await using server = await startTestServer({ maxConnections: 3 })
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let entered = 0
  server.onEcho(() => {
    entered += 1
    return released
  })
  const senders: Socket[] = []
  for (const count of [1, 2, 3]) {
    // In this order they are accepted, and give way.
    senders.push(await open(server.port, ''))
    await server.eventually(async () => expect(await server.connections()).toBe(count))
  }
  const isGone = () => senders.map(({ closed }) => closed)
  const fourth = await open(server.port, '')
  await server.eventually(() => expect(isGone().filter(Boolean)).toHaveLength(1))
  // The next to give way, had it not gone on.
  const next = senders.find(({ closed }) => !closed)
  next?.write('POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx')
  await server.eventually(() => expect(entered).toBe(1))
  const fifth = await open(server.port, '')
  await server.eventually(() => expect(isGone().filter(Boolean)).toHaveLength(2))
  expect(next?.closed).toBe(false)
  release()
  for (const socket of [...senders, fourth, fifth]) socket.destroy()
})

/** Sends whole requests one after the other and reads no answer, until the server can't write any more. */
async function neverRead(server: Awaited<ReturnType<typeof startTestServer>>) {
  const accepted = once(server.app.server, 'connection') as Promise<[Socket]>
  const socket = await open(server.port, '')
  socket.pause()
  const [serverSide] = await accepted
  const request = `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n${'x'.repeat(900_000)}`
  while (serverSide.writableLength === 0) {
    const answered = serverSide.bytesWritten + 900_000
    socket.write(request)
    await server.eventually(() => expect(serverSide.bytesWritten).toBeGreaterThan(answered))
    // What the kernel takes it takes by now; what it does not stays in our memory.
    await wait(50)
  }
  return socket
}

test('beyond the cap whoever does not read the answer gives way, and an honest caller gets in', async () => {
  await using server = await startTestServer({ maxConnections: 2 })
  const slowReaders = [await neverRead(server), await neverRead(server)]
  await server.eventually(async () => {
    const connection = { connection: 'close' }
    expect((await fetch(`${server.url}/kind`, { headers: connection })).status).toBe(200)
  })
  for (const socket of slowReaders) socket.destroy()
}, 20_000)

test('an answer that is not read in time is given up, with its connection', async () => {
  await using server = await startTestServer({ unreadTimeoutMs: 200 })
  const slowReader = await neverRead(server)
  await server.eventually(async () => expect(await server.connections()).toBe(0))
  expect(await dropped(server)).toEqual([['unread', 1]])
  slowReader.destroy()
}, 20_000)

test('bodies that stall and hold too much give way, the dearest first, and small ones are taken meanwhile', async () => {
  await using server = await startTestServer({ heldBytesLimit: 250_000 })
  const stalled = (size: number) => open(server.port, `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n${'x'.repeat(size)}`)
  const small = await stalled(10)
  const first = await stalled(100_000)
  const second = await stalled(100_000)
  expect((await fetch(`${server.url}/echo`, { method: 'POST', body: 'small' })).status).toBe(200)
  const firstGone = once(first, 'close')
  const third = await stalled(100_000)
  await firstGone
  // Nor does one that is slow and holds next to nothing.
  expect([small, second, third].map(({ destroyed }) => destroyed)).toEqual([false, false, false])
  expect(await dropped(server)).toEqual([['bytes', 1]])
  for (const socket of [small, second, third]) socket.destroy()
})

test('while the bodies in hand hold too much, others are told to send again, and are taken afterwards', async () => {
  await using server = await startTestServer({ heldBytesLimit: 100_000 })
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  server.onEcho(() => released)
  const inHand = fetch(`${server.url}/echo`, { method: 'POST', body: 'x'.repeat(200_000) })
  await server.eventually(async () => {
    const refused = await fetch(`${server.url}/kind`, { method: 'POST', body: 'x' })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  })
  release()
  expect((await inHand).status).toBe(200)
  await server.eventually(async () => expect((await fetch(`${server.url}/kind`, { method: 'POST', body: 'x' })).status).toBe(200))
})

test('a refusal before the end of the body is read by the caller, who is cut off soon after', async () => {
  await using server = await startTestServer({ bodyLimitBytes: 1_000 })
  const startedAt = performance.now()
  const endless = 'POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
  const callers = Array.from({ length: 20 }, async () => {
    // It goes on sending whatever it is told.
    const socket = await open(server.port, endless, { allowHalfOpen: true })
    let answer = ''
    socket.on('data', (data) => (answer += String(data)))
    const sending = setInterval(() => socket.writable && socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`), 1)
    // It ends in a reset, which `once` would take for a failure.
    await new Promise((closed) => socket.on('close', closed))
    clearInterval(sending)
    return answer
  })
  for (const answer of await Promise.all(callers)) expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*"code":"payload_too_large"/)
  expect(performance.now() - startedAt).toBeLessThan(3_000)
  await server.eventually(async () => expect(await server.connections()).toBe(0))
})

test.each(['gzip', 'br', 'x-own', 'identity, gzip'])(
  'a body in the encoding %s is refused with 415 and never unpacked',
  async (encoding) => {
    await using server = await startTestServer()
    const response = await fetch(`${server.url}/echo`, { method: 'POST', body: 'x', headers: { 'content-encoding': encoding } })
    expect(response.status).toBe(415)
    expect(response.headers.get('accept-encoding')).toBe('identity')
    expect(await response.json()).toMatchObject({
      code: 'unsupported_encoding',
      detail: 'Send the body as it is, without Content-Encoding.',
    })
    const plain = await fetch(`${server.url}/echo`, { method: 'POST', body: 'x', headers: { 'content-encoding': 'Identity' } })
    expect(plain.status).toBe(200)
  },
)

test('a caller’s address is read from X-Forwarded-For behind a trusted proxy alone', async () => {
  await using direct = await startTestServer()
  await using behind = await startTestServer({ trustedProxies: ['127.0.0.0/8'] })
  const addressBy = async (server: typeof direct, forwarded: string) =>
    (await fetch(`${server.url}/address`, { headers: { 'x-forwarded-for': forwarded } })).json()
  expect(await addressBy(direct, '203.0.113.7')).toBe('127.0.0.1')
  expect(await addressBy(behind, '203.0.113.7')).toBe('203.0.113.7')
  // What the caller itself wrote stands to the left of what the proxy saw.
  expect(await addressBy(behind, '198.51.100.1, 203.0.113.7')).toBe('203.0.113.7')
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
