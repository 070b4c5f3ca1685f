import { FrontdeskError } from '@frontdesk/errors'
import { activeTraceId, withSpan } from '@frontdesk/telemetry'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { expect, test } from 'vitest'
import { startTestServer } from '../test/start-test-server.ts'

const problem = async (response: Response) => (await response.json()) as Record<string, unknown>

test.each([
  ['application/json', '{"a": 1 }'],
  ['application/x-www-form-urlencoded', 'a=1'],
  ['text/plain; charset=utf-8', 'täxt'],
  ['application/vnd.own+json', '[]'],
  [undefined, 'untyped'],
  ['json', 'no type at all'],
  ['', 'an empty one'],
])('a body of type %s reaches the handler byte for byte', async (contentType, body) => {
  await using server = await startTestServer()
  const init = { method: 'POST', body: Buffer.from(body), headers: contentType === undefined ? {} : { 'content-type': contentType } }
  const response = await fetch(`${server.url}/echo`, init)
  expect(response.status).toBe(200)
  expect(await response.text()).toBe(body)
})

test('an Expect that we don’t know is passed over', async () => {
  await using server = await startTestServer()
  const reply = await server.raw('POST /echo HTTP/1.1\r\nhost: x\r\nexpect: a miracle\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi')
  expect(reply).toMatch(/^HTTP\/1\.1 200 /)
  expect(reply).toMatch(/\r\n\r\nhi$/)
})

test('Expect: 100-continue is answered before the body comes, and a body that is too large before it is sent', async () => {
  await using server = await startTestServer({ bodyLimitBytes: 1_000 })
  const request = (length: number, body: string) =>
    server.raw(`POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n${body}`)
  expect(await request(2, 'hi')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*\r\n\r\nhi$/)
  expect(await request(1_001, '')).toMatch(/HTTP\/1\.1 413 /)
})

test('a request without Host is refused as a problem where HTTP asks for one, and served where it does not', async () => {
  await using server = await startTestServer()
  const request = (version: string) => server.raw(`POST /echo HTTP/${version}\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi`)
  expect(await request('1.1')).toMatch(/^HTTP\/1\.1 400 [^]*There is no Host header\./)
  expect(await request('1.0')).toMatch(/^HTTP\/1\.1 200 [^]*hi$/)
})

test('no body is an empty Buffer, for any method', async () => {
  await using server = await startTestServer()
  const response = await fetch(`${server.url}/kind`, { method: 'POST' })
  expect(await response.json()).toEqual({ isBuffer: true, length: 0 })
  expect(await (await fetch(`${server.url}/kind`)).json()).toEqual({ isBuffer: true, length: 0 })
})

test('a body that says it is too large is refused with 413 before it is sent', async () => {
  await using server = await startTestServer({ bodyLimitBytes: 1_000 })
  const reply = await server.raw('POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n')
  expect(reply).toMatch(/^HTTP\/1\.1 413 /)
  expect(reply).toContain('"code":"payload_too_large"')
})

test('a chunked body that goes on for ever is cut off with 413', async () => {
  await using server = await startTestServer({ bodyLimitBytes: 1_000 })
  const chunk = `100\r\n${'x'.repeat(256)}\r\n`
  const reply = await server.raw(`POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(8)}`)
  expect(reply).toMatch(/^HTTP\/1\.1 413 /)
  expect(reply).toContain('"code":"payload_too_large"')
})

test('a body of exactly the limit is taken', async () => {
  await using server = await startTestServer({ bodyLimitBytes: 1_000 })
  expect((await fetch(`${server.url}/echo`, { method: 'POST', body: 'x'.repeat(1_000) })).status).toBe(200)
  expect((await fetch(`${server.url}/echo`, { method: 'POST', body: 'x'.repeat(1_001) })).status).toBe(413)
})

test('an unknown path is 404, with a body or without', async () => {
  await using server = await startTestServer()
  for (const response of await Promise.all([
    fetch(`${server.url}/nothing`),
    fetch(`${server.url}/nothing`, { method: 'POST', body: '{}' }),
    fetch(`${server.url}/items/one/two`),
  ])) {
    expect(response.status).toBe(404)
    expect(await problem(response)).toMatchObject({ code: 'not_found', status: 404, type: 'urn:frontdesk:problem:not_found' })
    // Requests by the thousand over one connection end with the first.
    expect(response.headers.get('connection')).toBe('close')
  }
})

test.each([
  ['/echo', 'POST'],
  ['/items/a%2Fb?x=1', 'GET, HEAD, PUT'],
  ['/files/deep/down.txt', 'GET, HEAD'],
])('a wrong method on %s is 405 and names the right ones', async (path, allowed) => {
  await using server = await startTestServer()
  const response = await fetch(server.url + path, { method: 'DELETE' })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe(allowed)
  expect(await problem(response)).toMatchObject({ code: 'method_not_allowed', detail: `This path takes ${allowed}.` })
})

test('a failure of ours is told as it is meant to be', async () => {
  await using server = await startTestServer()
  server.failWith(new FrontdeskError('unavailable', { publicMessage: 'Try later.', detail: 'pool is full', retryAfterMs: 1_500 }))
  const response = await fetch(`${server.url}/fail`)
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('2')
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await problem(response)).toEqual({
    type: 'urn:frontdesk:problem:unavailable',
    title: 'Unavailable',
    status: 503,
    code: 'unavailable',
    detail: 'Try later.',
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  })
})

test('of an internal failure the caller learns the trace id alone, and the log has the rest under it', async () => {
  await using server = await startTestServer()
  server.failWith(new Error('Access denied for root@db', { cause: new Error('errno 1045') }))
  const response = await fetch(`${server.url}/fail`)
  const text = await response.text()
  expect(response.status).toBe(500)
  expect(text + JSON.stringify([...response.headers])).not.toMatch(/root@db|1045|\.ts|stack/)
  const [line] = server.telemetry.lines
  expect(line).toMatchObject({
    level: 'error',
    err: { message: 'Access denied for root@db', cause: { message: 'errno 1045' } },
    route: '/fail',
  })
  expect(line?.['trace_id']).toBe((JSON.parse(text) as { traceId: string }).traceId)
})

test.each([undefined, null, 'text', 7, { statusCode: 418, message: 'teapot' }])('throwing %j is an internal failure', async (thrown) => {
  await using server = await startTestServer()
  server.failWith(thrown)
  const response = await fetch(`${server.url}/fail`)
  expect(response.status).toBe(500)
  expect(await problem(response)).toMatchObject({ code: 'internal' })
})

test('a refusal and a success write no log line', async () => {
  await using server = await startTestServer()
  await fetch(`${server.url}/kind`)
  await fetch(`${server.url}/nothing`)
  expect(server.telemetry.lines).toEqual([])
})

test('a path that the router refuses is a problem too', async () => {
  await using server = await startTestServer()
  const response = await fetch(`${server.url}/%zz`)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await problem(response)).toMatchObject({ code: 'invalid_argument', status: 400 })
})

test("the caller's request id comes back if it is harmless, else one of ours does", async () => {
  await using server = await startTestServer()
  const idFor = async (sent?: string) =>
    (await fetch(`${server.url}/kind`, sent === undefined ? {} : { headers: { 'x-request-id': sent } })).headers.get('x-request-id')
  expect(await idFor('req-1.a')).toBe('req-1.a')
  expect(await idFor('two words')).toMatch(/^[0-9a-f-]{36}$/)
  expect(await idFor()).toMatch(/^[0-9a-f-]{36}$/)
})

test('a request gets a span of its own, which the handler runs in even after its body was read', async () => {
  await using server = await startTestServer()
  const seen: (string | undefined)[] = []
  server.onEcho(() => void seen.push(activeTraceId()))
  await fetch(`${server.url}/echo`, { method: 'POST', body: 'x'.repeat(100_000) })
  await fetch(`${server.url}/echo`, { method: 'POST' })
  expect(new Set(seen).size).toBe(2)
  await server.eventually(() => expect(server.telemetry.spans()).toHaveLength(2))
  expect(server.telemetry.spans().map((span) => span.spanContext().traceId)).toEqual(seen)
  expect(server.telemetry.spans()[0]).toMatchObject({
    name: 'POST /echo',
    attributes: { 'http.request.method': 'POST', 'http.route': '/echo', 'http.response.status_code': 200 },
  })
})

test('requests to a server that was started inside a span do not go into that trace', async () => {
  const started = createTestTelemetry()
  await using server = await withSpan('start', {}, () => startTestServer())
  await fetch(`${server.url}/kind`)
  await server.eventually(() => expect(server.telemetry.spans()).toHaveLength(1))
  expect(server.telemetry.spans()[0]?.parentSpanContext).toBeUndefined()
  await started[Symbol.asyncDispose]()
})

test("a caller's trace goes on", async () => {
  await using server = await startTestServer()
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`
  await fetch(`${server.url}/fail`, { headers: { traceparent, tracestate: 'a=1' } })
  await server.eventually(() => expect(server.telemetry.spans()).toHaveLength(1))
  const [span] = server.telemetry.spans()
  expect(span?.spanContext().traceId).toBe(traceId)
  expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
})

test("at the edge a stranger's trace is linked to, and neither continued nor a reason to record", async () => {
  await using server = await startTestServer({ callersTrace: 'linked' })
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const headersWith = (flags: string) => ({ headers: { traceparent: `00-${traceId}-b7ad6b7169203331-${flags}`, tracestate: 'a=1' } })
  await fetch(`${server.url}/kind`, headersWith('00'))
  await server.eventually(() => expect(server.telemetry.spans()).toHaveLength(1))
  const [span] = server.telemetry.spans()
  expect(span?.parentSpanContext).toBeUndefined()
  expect(span?.spanContext().traceId).not.toBe(traceId)
  expect(span?.links.map(({ context }) => context.traceId)).toEqual([traceId])

  await using sparing = createTestTelemetry({ sampleRatio: 0 })
  for (let index = 0; index < 200; index += 1) await fetch(`${server.url}/kind`, headersWith('01'))
  expect(sparing.spans()).toEqual([])
})

test('requests are timed by route, never by path', async () => {
  await using server = await startTestServer()
  await Promise.all([fetch(`${server.url}/items/a`), fetch(`${server.url}/items/b`), fetch(`${server.url}/nothing`)])
  await server.eventually(async () => {
    const { body } = await server.telemetry.metrics.render()
    expect(body).toContain('frontdesk_http_request_seconds_count{route="/items/:id",method="GET",status="200"} 2')
    expect(body).toContain('frontdesk_http_request_seconds_count{route="(none)",method="GET",status="404"} 1')
  })
})

test('a server that is not observed makes neither spans nor times', async () => {
  await using server = await startTestServer({ observed: false })
  const response = await fetch(`${server.url}/nothing`)
  expect(await problem(response)).not.toHaveProperty('traceId')
  expect(server.telemetry.spans()).toEqual([])
  expect((await server.telemetry.metrics.render()).body).not.toContain('http_request_seconds')
})
