import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { answerOf, createConnection } from './connection.ts'

/** The address of a server that listens from now on. */
async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'
const request = Buffer.from('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi')

test('each request is answered by its own answer, over one connection, and over another once the server has closed it', async () => {
  const ports = new Set<number | undefined>()
  let count = 0
  const server = createServer((incoming, response) => {
    ports.add(incoming.socket.remotePort)
    const body = String((count += 1))
    response.writeHead(count === 2 ? 503 : 200, { 'content-length': body.length, ...(count === 3 && { connection: 'close' }) })
    response.end(body)
  })
  const connection = createConnection(await listen(server))
  const answers = []
  for (let sent = 0; sent < 4; sent += 1) {
    // One at a time is what a connection does.
    answers.push(await connection.send(request))
  }
  connection.close()
  server.close()
  expect(answers).toEqual([200, 503, 200, 200].map((status, index) => ({ status, body: String(index + 1), isLast: index === 2 })))
  expect(ports.size).toBe(2)
})

test('connections whose answers come in turns and in parts have each its own', async () => {
  const sockets: Socket[] = []
  const bothAsk = Promise.withResolvers<void>()
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      if (sockets.push(socket) === 2) bothAsk.resolve()
    })
  })
  const url = await listen(server)
  const connections = [createConnection(url), createConnection(url)]
  const answers = connections.map((connection) => connection.send(request))
  await bothAsk.promise
  // More than one read brings, and of each socket another body.
  const bodies = sockets.map((_, index) => String(index).repeat(100_000))
  for (const [from, to] of [
    [0, 10],
    [10, 60_000],
    [60_000, 200_000],
  ]) {
    for (const [index, socket] of sockets.entries()) {
      const whole = `HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${bodies[index]}`
      // Apart from the next part, in the order of the turns.
      await new Promise((written) => socket.write(whole.slice(from, to), written))
      await wait(10)
    }
  }
  expect(new Set((await Promise.all(answers)).map(({ body }) => body))).toEqual(new Set(bodies))
  for (const connection of connections) connection.close()
  server.close()
})

test('who is not answered is told', async () => {
  const server = createTcpServer((socket) => socket.destroy())
  const url = await listen(server)
  await expect(createConnection(url).send(request)).rejects.toThrow('closed')
  server.close()
  await once(server, 'close')
  await expect(createConnection(url).send(request)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('who is not answered in time, whole, or twice, is told, and the next one goes over another connection', async () => {
  const answers = ['', `${ok}h`, `${ok}hi`, `${ok}hi${ok}ho`, `${ok}hi`]
  const server = createTcpServer((socket) => {
    const answer = answers.shift() ?? ''
    socket.once('data', () => socket.write(answer))
    socket.on('error', () => undefined)
  })
  const connection = createConnection(await listen(server), 50)
  await expect(connection.send(request)).rejects.toThrow('no answer within 50 ms')
  await expect(connection.send(request)).rejects.toThrow('no answer within 50 ms')
  const answered = connection.send(request)
  await expect(connection.send(request)).rejects.toThrow('not been answered')
  expect(await answered).toEqual({ status: 200, body: 'hi', isLast: false })
  // The third has no second answer.
  await expect(connection.send(request)).rejects.toThrow('no answer within 50 ms')
  await expect(connection.send(request)).rejects.toThrow('more than the answer')
  expect(await connection.send(request)).toMatchObject({ body: 'hi' })
  connection.close()
  server.close()
})

test('an answer that nobody has asked for is not taken for that of the next request', async () => {
  let connections = 0
  const closed = Promise.withResolvers<void>()
  const server = createTcpServer((socket) => {
    connections += 1
    const body = connections === 1 ? 'hi' : 'ho'
    socket.once('data', () => {
      socket.write(ok + body)
      setTimeout(() => socket.write(`${ok}no`), 20)
    })
    socket.on('close', closed.resolve)
  })
  const connection = createConnection(await listen(server))
  expect(await connection.send(request)).toMatchObject({ body: 'hi' })
  await closed.promise
  expect(await connection.send(request)).toMatchObject({ body: 'ho' })
  connection.close()
  server.close()
  // Sooner than an idle connection goes by itself.
}, 2_000)

test.each([
  ['HTTP/1.1 200 OK\r\ncontent-le', undefined],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh', undefined],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', { status: 200, body: 'hi', isLast: false }],
  ['HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n', { status: 204, body: '', isLast: false }],
  ['HTTP/1.1 400 Bad Request\r\nConnection: close\r\ncontent-length: 0\r\n\r\n', { status: 400, body: '', isLast: true }],
  ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi!', expect.any(Error)],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', expect.any(Error)],
  ['SSH-2.0\r\ncontent-length: 2\r\n\r\nhi', expect.any(Error)],
])('of %j an answer is what is whole', (text, answer) => {
  expect(answerOf(text)).toEqual(answer)
})
