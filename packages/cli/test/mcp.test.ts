import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { eventually } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { createRenewedToken } from '../src/mcp/renewed-token.ts'
import { run } from './terminal.ts'

interface Received {
  readonly authorization: string
  readonly version: string
  readonly message: { readonly id?: number; readonly method: string }
}

/** An MCP server that answers as the test says, and the bridge to it with its pipes. */
async function startBridge(answer: (received: Received, response: ServerResponse) => void, env: Record<string, string> = {}) {
  const received: Received[] = []
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const one: Received = {
      authorization: String(request.headers.authorization),
      version: String(request.headers['mcp-protocol-version']),
      message: JSON.parse(await text(request)) as Received['message'],
    }
    received.push(one)
    answer(one, response)
  }
  const server = createServer((request, response) => void serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const pipes = { input: new PassThrough(), output: new PassThrough() }
  let out = ''
  pipes.output.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const settings = { FRONTDESK_TOKEN: 'secret', FRONTDESK_MCP_URL: `http://127.0.0.1:${port}/mcp`, ...env }
  const ended = run(['mcp'], { env: settings, pipes })
  return {
    received,
    say: (message: object) => void pipes.input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`),
    /** What the client reads, line by line, once there are so many. */
    heard: (count: number) =>
      eventually(async () => {
        const lines = out.split('\n').filter((line) => line !== '')
        expect(lines).toHaveLength(count)
        return lines.map((line) => JSON.parse(line) as { id: number; result?: unknown; error?: { code: number; message: string } })
      }),
    async [Symbol.asyncDispose]() {
      pipes.input.end()
      await ended
      server.closeAllConnections()
      server.close()
    },
    ended: () => (pipes.input.end(), ended),
  }
}

const json = (response: ServerResponse, body: object, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', ...body }))

test('messages pass both ways with the token and the version that was agreed, and nothing else is on stdout', async () => {
  await using bridge = await startBridge(({ message: { id, method } }, response) => {
    if (id === undefined) response.writeHead(202).end()
    else json(response, { id, result: method === 'initialize' ? { protocolVersion: '2025-11-25' } : { tools: [] } })
  })
  const clientInfo = { name: 'test', version: '1' }
  bridge.say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } })
  await bridge.heard(1)
  bridge.say({ method: 'notifications/initialized' })
  bridge.say({ id: 2, method: 'tools/list' })
  expect(await bridge.heard(2)).toMatchObject([{ id: 1 }, { id: 2, result: { tools: [] } }])
  expect(new Set(bridge.received.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret']))
  expect(bridge.received.at(-1)?.version).toBe('2025-11-25')
  expect(await bridge.ended()).toEqual({ code: 0, out: '', err: '' })
})

test('what the server refuses, breaks off or does not answer, the client is told under its request’s id', async () => {
  await using bridge = await startBridge(({ message: { id, method } }, response) => {
    switch (method) {
      case 'unknown':
        return json(response, { id, error: { code: -32_601, message: 'Method not found' } }, 404)
      case 'refused':
        return response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()
      case 'broken':
        return response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n')
      case 'failed':
        return response.writeHead(503).end('{"code":"unavailable"}')
      default:
        return response.destroy()
    }
  })
  for (const [id, method] of ['unknown', 'refused', 'broken', 'failed', 'away'].entries()) bridge.say({ id, method })
  const heard = (await bridge.heard(5)).toSorted((a, b) => a.id - b.id)
  expect(heard[0]?.error).toEqual({ code: -32_601, message: 'Method not found' })
  expect(heard[1]?.error?.message).toContain('frontdesk login')
  expect(heard[2]?.error?.message).toContain('broke off')
  expect(heard[3]?.error?.message).toContain('503')
  expect(heard[4]?.error?.message).toContain('Does it run?')
  expect((await bridge.ended()).err).toContain('frontdesk login')
})

test('a request that the client cancels is left, and not answered', async () => {
  const left: unknown[] = []
  await using bridge = await startBridge(({ message }, response) => {
    if (message.method === 'slow') response.on('close', () => left.push(message.id))
    else json(response, { id: message.id, result: {} })
  })
  bridge.say({ id: 1, method: 'slow' })
  await eventually(async () => expect(bridge.received).toHaveLength(1))
  bridge.say({ method: 'notifications/cancelled', params: { requestId: 1 } })
  await eventually(async () => expect(left).toEqual([1]))
  bridge.say({ id: 2, method: 'ping' })
  expect(await bridge.heard(1)).toMatchObject([{ id: 2 }])
})

test('a client that closes its end after its last request is still answered', async () => {
  await using bridge = await startBridge(({ message: { id } }, response) => {
    setTimeout(() => json(response, { id, result: {} }), 200)
  })
  for (const id of [1, 2]) bridge.say({ id, method: 'ping' })
  const outcome = await bridge.ended()
  expect((await bridge.heard(2)).map(({ id }) => id).toSorted()).toEqual([1, 2])
  expect(outcome).toEqual({ code: 0, out: '', err: '' })
})

test('a token is asked for once, and once again when it is refused, however many ask', async () => {
  let asked = 0
  const token = createRenewedToken(async () => `token ${(asked += 1)}`)
  expect(await Promise.all([token.current(), token.current()])).toEqual(['token 1', 'token 1'])
  await Promise.all([token.renew(), token.renew()])
  expect(await token.current()).toBe('token 2')
})

test('a token that can not be had is asked for again at the next request', async () => {
  let away = true
  const token = createRenewedToken(async () => {
    if (away) throw new Error('identity is away')
    return 'token'
  })
  await expect(token.current()).rejects.toThrow('away')
  away = false
  expect(await token.current()).toBe('token')
})

test('without a login, a URL or a sensible one it says what to do, before a client waits', async () => {
  const url = { FRONTDESK_MCP_URL: 'http://127.0.0.1:1/mcp' }
  expect(await run(['mcp'], { env: url })).toMatchObject({ code: 2, out: '', err: expect.stringContaining('frontdesk login') as string })
  expect(await run(['mcp'])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('FRONTDESK_MCP_URL') as string })
  expect(await run(['mcp', '--url', 'ftp://x', '--token', 'x'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('no http URL') as string,
  })
  expect((await run(['mcp', '--help'])).out).toContain('frontdesk mcp')
})
