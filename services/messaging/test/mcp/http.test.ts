import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newCompany, startHarness, type Harness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}
const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** Sends as told, Host included, which fetch would not. */
function send(headers: Record<string, string>, body: string = JSON.stringify(initialize), method = 'POST') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>((resolve, reject) => {
    const request = httpRequest(harness.url, { method, headers: { ...json, ...headers } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }), reject)
    })
    request.on('error', reject)
    request.end(method === 'POST' ? body : undefined)
  })
}

const bearer = async (...given: Parameters<Harness['tokenFor']>) => ({ authorization: `Bearer ${await harness.tokenFor(...given)}` })

test('no token, a wrong one, one for another service, and an old one are refused with a challenge', async () => {
  const company = newCompany()
  const missing = await send({})
  expect([missing.status, missing.headers['www-authenticate'], JSON.parse(missing.body).code]).toEqual([401, 'Bearer', 'token_missing'])
  const refused = [
    { authorization: 'Bearer x.y.z' },
    { authorization: 'Basic eDp5' },
    await bearer([company], { audience: 'booking' }),
    await bearer([company], { ttlMs: -1_000 }),
  ]
  for (const headers of refused) {
    const { status, headers: answered } = await send(headers)
    expect([status, answered['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"'])
  }
  expect((await send(await bearer([company]))).status).toBe(200)
})

test('a page of another origin and a name that is not ours are refused before the token is looked at', async () => {
  const token = await bearer([newCompany()])
  for (const headers of [
    { host: 'evil.example' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { host: 'localhost.evil.example' },
  ]) {
    expect((await send({ ...token, ...headers })).status).toBe(403)
    expect((await send(headers)).status).toBe(403)
  }
  for (const headers of [{ host: 'localhost:1' }, { origin: 'http://localhost:3000' }]) {
    expect((await send({ ...token, ...headers })).status).toBe(200)
  }
})

test('there are no sessions: GET and DELETE are not for this server', async () => {
  const token = await bearer([newCompany()])
  for (const method of ['GET', 'DELETE']) expect((await send(token, '', method)).status).toBe(405)
  const { headers, body } = await send(token)
  expect(headers['mcp-session-id']).toBeUndefined()
  expect(body).toContain('"protocolVersion":"2025-11-25"')
})

test('what is not JSON-RPC is refused with an error that says why', async () => {
  const token = await bearer([newCompany()])
  const refused: [string, Record<string, string>, number, number][] = [
    ['{', {}, 400, -32700],
    ['', {}, 400, -32700],
    ['{"hello":1}', {}, 400, -32600],
    ['[]', {}, 400, -32600],
    [JSON.stringify(initialize), { 'content-type': 'text/plain' }, 415, -32000],
    [JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' }), { 'mcp-protocol-version': '1999-01-01' }, 400, -32000],
  ]
  for (const [body, headers, status, code] of refused) {
    const answer = await send({ ...token, ...headers }, body)
    expect({ body, status: answer.status, code: JSON.parse(answer.body).error.code }).toEqual({ body, status, code })
  }
  const large = await send(token, `"${'x'.repeat(200_000)}"`)
  expect([large.status, JSON.parse(large.body).code]).toEqual([413, 'payload_too_large'])
})

test('a stop ends the streams that are open', async () => {
  const own = await startHarness()
  const { client } = await own.connect([newCompany()])
  await client.listTools()
  const startedAt = performance.now()
  await own[Symbol.asyncDispose]()
  expect(performance.now() - startedAt).toBeLessThan(3_000)
})
