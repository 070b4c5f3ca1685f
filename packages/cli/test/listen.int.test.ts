import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { companyEvent, practice, quarantinedEvent, startBroker, type Broker } from './broker.ts'
import { run } from './terminal.ts'

interface Posted {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let broker: Broker
let posted: Posted[]
let answers: number[]
let url: string
let closeProgram: () => void

beforeEach(async () => {
  broker = await startBroker()
  posted = []
  answers = []
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    posted.push({ path: request.url ?? '', headers: request.headers, body })
    response.writeHead(answers.shift() ?? 204, { location: '/elsewhere' }).end()
  }
  const server = createServer((request, response) => void serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  closeProgram = () => server.close()
})

afterEach(async () => {
  closeProgram()
  await broker[Symbol.asyncDispose]()
})

/** A `listen` that hears already and ends by itself after so many events, and the secret that it told. */
async function listening(count: number, ...argv: string[]) {
  const ready = Promise.withResolvers<string>()
  const onLine = (line: string) => ready.resolve(/secret is (\S+)\./.exec(line)?.[1] ?? '')
  const context = { env: { NATS_URL: broker.nats.url }, now: () => new Date(), onLine }
  const ended = run(['listen', '--forward-to', url, '--limit', String(count), ...argv], context)
  const secret = await Promise.race([ready.promise, ended.then(({ err }) => err)])
  return { ended, secret }
}

const headersOf = ({ headers }: Posted) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

test('the program gets the payload as it is, the attributes in headers, and a signature that its library verifies', async () => {
  const { ended, secret } = await listening(1)
  const event = companyEvent({ seed: 'ä 1', payload: { callId: 'call_1', text: 'Grüße' } })
  await broker.bus.publish([{ ...event, envelope: { ...event.envelope, subject: 'call ä' } }])
  const { code, out } = await ended
  expect(code).toBe(0)
  expect(out).toContain('taken  204')
  const [one] = posted
  if (!one) throw new Error('nothing came')
  expect(new Webhook(secret).verify(one.body, headersOf(one))).toEqual({ callId: 'call_1', text: 'Grüße' })
  expect(one.headers).toMatchObject({
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': event.envelope.id,
    'webhook-id': event.envelope.id,
    'ce-type': 'frontdesk.call.ended.v1',
    'ce-subject': 'call%20%C3%A4',
    'ce-companyid': event.envelope.companyId,
  })
})

test('structured, the body is one CloudEvent, signed just so', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const { ended } = await listening(1, '--mode', 'structured', '--secret', secret, '--json')
  await broker.bus.publish([companyEvent({ seed: '1', revision: 2, payload: { callId: 'call_1' } })])
  const { out } = await ended
  expect(JSON.parse(out)).toMatchObject({ ok: true, attempts: 1, answer: 204, revision: 2, type: 'frontdesk.call.ended.v1' })
  const [one] = posted
  if (!one) throw new Error('nothing came')
  expect(one.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8')
  expect(new Webhook(secret).verify(one.body, headersOf(one))).toMatchObject({
    specversion: '1.0',
    revision: '2',
    data: { callId: 'call_1' },
  })
})

test('what is not taken is sent again with the same id, and given up after so many attempts; no redirect is followed', async () => {
  answers = [500, 302]
  const first = await listening(1)
  await broker.bus.publish([companyEvent({ seed: '1' })])
  expect((await first.ended).out).toMatch(/taken {2}204 .* 3 attempts$/)
  expect(posted.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook'])
  expect(new Set(posted.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  for (const one of posted) new Webhook(first.secret).verify(one.body, headersOf(one))

  answers = [503, 503, 503]
  const second = await listening(1, '--attempts', '2')
  await broker.bus.publish([companyEvent({ seed: '2' })])
  expect((await second.ended).out).toMatch(/GIVEN UP {2}503 .* 2 attempts$/)
})

test('a program that is away is told by its reason', async () => {
  closeProgram()
  const { ended } = await listening(1, '--attempts', '1')
  await broker.bus.publish([companyEvent({ seed: '1' })])
  expect((await ended).out).toMatch(/GIVEN UP {2}ECONNREFUSED/)
})

test('it is handed what the filters let through, and the quarantine only when asked', async () => {
  const { ended } = await listening(2, '--type', 'call.*', '--company', practice)
  const ours = ['1', '2'].map((seed) => companyEvent({ seed, companyId: practice }))
  await broker.bus.publish([companyEvent({ seed: '0' }), quarantinedEvent('q'), ...ours])
  await ended
  expect(posted.map(({ headers }) => headers['ce-subject']).toSorted()).toEqual(['call_1', 'call_2'])
  const all = await listening(1, '--quarantine', '--type', 'call.started')
  await broker.bus.publish([quarantinedEvent('r')])
  await all.ended
  expect(posted.at(-1)?.headers['ce-type']).toBe('frontdesk.event.quarantined.v1')
})

test.for([
  ['https://example.com/hook', 'example.com is another machine'],
  ['http://localhost.example.com/', 'another machine'],
  ['http://127.0.0.1@example.com/', 'no user or password'],
  ['ftp://localhost/', 'takes an http or https URL'],
  ['localhost:3000', 'takes an http or https URL'],
] as const)('%s is refused', async ([target, said]) => {
  const { code, err } = await run(['listen', '--forward-to', target])
  expect([code, err]).toEqual([2, expect.stringContaining(said)])
})

test('a secret that was given is not told, since it would stand in whoever’s terminal or log', async () => {
  const given = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const context = { env: { NATS_URL: broker.nats.url, FRONTDESK_LISTEN_SECRET: given }, now: () => new Date() }
  const ended = run(['listen', '--forward-to', url, '--since', '1m', '--limit', '1'], context)
  await broker.bus.publish([companyEvent({ seed: '1' })])
  const { code, out, err } = await ended
  expect([code, err]).toEqual([0, expect.stringContaining('Signed with your secret.')])
  expect(out + err).not.toContain(given)
  const [one] = posted
  if (!one) throw new Error('nothing came')
  new Webhook(given).verify(one.body, headersOf(one))
})

test('a secret that is none is refused without being told', async () => {
  const { code, err } = await run(['listen', '--forward-to', url, '--secret', 'hunter2'])
  expect([code, err]).toEqual([2, expect.stringContaining('whsec_ and 24 to 64 bytes')])
  expect(err).not.toContain('hunter2')
})
