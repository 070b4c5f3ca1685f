import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { providers, type ProviderName } from '@frontdesk/providers'
import { liveSamples } from '@frontdesk/providers/samples'
import { beforeEach, expect, test } from 'vitest'
import { startStack, type Stack } from './stack.ts'
import { run } from './terminal.ts'

interface Webhook {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

const secrets = {
  retell: 'key_retell',
  stripe: 'whsec_stripe',
  whatsapp: 'app-secret',
  calcom: 'calcom-secret',
  standard: `whsec_${'c2VjcmV0'.repeat(5)}`,
}
const companies = [
  {
    id: 'cmp_01h455vb4pex5vsknk084sn02q',
    name: 'Salon Sonne',
    phoneNumbers: ['+4930111111'],
    retellAgentIds: ['agent_salon'],
    calcom: { connectionId: 'con_calcom', secret: secrets.calcom, eventTypeIds: [7], organizerEmail: 'salon@example.com' },
    standard: { connectionId: 'con_standard', secret: secrets.standard },
    whatsapp: { wabaId: '11', phoneNumberId: '12' },
    stripe: { customerId: 'cus_salon' },
  },
  { id: 'cmp_01h455vb4pex5vsknk084sn02s', name: 'Salon Stern', retellAgentIds: ['agent_star'] },
  { id: 'cmp_01h455vb4pex5vsknk084sn02r', name: 'Praxis Mond', phoneNumbers: ['+4930222222'], retellAgentIds: ['agent_praxis'] },
]

let received: Webhook[]
let answer: { status: number; body: object }
let ingressUrl: string
let dieAfter: number
let stack: Stack

beforeEach(async () => {
  received = []
  dieAfter = Number.POSITIVE_INFINITY
  answer = { status: 200, body: { accepted: 1, duplicates: 0 } }
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    received.push({ path: request.url ?? '', headers: request.headers, body })
    if (received.length > dieAfter) return void response.destroy()
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  }
  const server = createServer((request, response) => void serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ingressUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provided = {
    retell: { apiKey: secrets.retell },
    stripe: { webhookSecret: secrets.stripe },
    whatsapp: { appSecret: secrets.whatsapp },
  }
  stack = await startStack({ manifest: { ingress: { url: ingressUrl }, providers: provided, companies } })
  return async () => {
    await stack[Symbol.asyncDispose]()
    server.close()
  }
})

const now = () => new Date('2026-11-22T10:00:00Z')
const cli = (...argv: string[]) => run(['trigger', ...argv], { cwd: stack.directory, now })
const bodies = () => received.map(({ body }) => JSON.parse(body.toString()) as { call: Record<string, unknown> })

test.for(Object.entries(liveSamples).map(([name, { events }]) => [name as ProviderName, events[0] ?? ''] as const))(
  '%s %s proves itself as the provider would, and its event id is told',
  async ([name, event]) => {
    const { code, out, err } = await cli(name, event)
    expect(code).toBe(0)
    const [webhook] = received
    if (!webhook) throw new Error('nothing came')
    const { path, headers, body } = webhook
    const ofConnection = liveSamples[name].secret === 'connection'
    expect(path).toBe(`/v1/webhooks/${name}${ofConnection ? `/con_${name}` : ''}`)
    const request = { headers: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)])), rawBody: body }
    providers[name].verify(request, [secrets[name as keyof typeof secrets]], now())
    const connectionId = ofConnection ? `con_${name}` : undefined
    const [normalized] = providers[name].normalize(body, { deliveryId: 'dlv_1', connectionId, receivedAt: now(), headers: request.headers })
    expect(out).toContain(`accepted  ${normalized?.type}  `)
    expect(err).toContain(`Next:  pnpm frontdesk events show ${normalized?.id}`)
  },
)

test.each([
  ['book_appointment', '/v1/retell/functions/book_appointment', { say: 'You are booked.' }],
  ['call_inbound', '/v1/retell/inbound', { call_inbound: {} }],
])('retell asks %s as it would in a call, and the answer is told', async (event, path, body) => {
  answer = { status: 200, body }
  const { code, out } = await cli('retell', event, '--company', 'praxis')
  expect([code, out]).toEqual([0, expect.stringContaining(JSON.stringify(body))])
  const [asked] = received
  expect(asked?.path).toBe(path)
  expect(asked?.body.toString()).toContain('"to_number":"+4930222222"')
  const headers = { 'x-retell-signature': String(asked?.headers['x-retell-signature']) }
  providers.retell.verify({ headers, rawBody: asked?.body ?? Buffer.alloc(0) }, [secrets.retell], now())
})

test('--company takes a name’s beginning or an id, and the sample is that company’s', async () => {
  await cli('retell', 'call_ended', '--company', 'praxis')
  await cli('retell', 'call_ended', '--company', companies[0]?.id ?? '')
  expect(bodies().map(({ call }) => [call['agent_id'], call['to_number']])).toEqual([
    ['agent_praxis', '+4930222222'],
    ['agent_salon', '+4930111111'],
  ])
  expect((await cli('retell', 'call_ended', '--company', 'nobody')).err).toContain('There is Salon Sonne')
})

test('--company that can mean several companies means none of them', async () => {
  const { code, err } = await cli('retell', 'call_ended', '--company', 'salon')
  expect([code, received]).toEqual([1, []])
  expect(err).toContain('Several companies are called "salon".')
  expect(err).toMatch(/Salon Sonne \(cmp_\w+\), Salon Stern \(cmp_\w+\)/)
})

test('--override changes members by their path, several of them, and takes away', async () => {
  const changes = [
    'call.call_id=c1',
    '--override=call.duration_ms=1000',
    '--override',
    'call.to_number=+49301',
    '--override',
    'call.transcript=',
    '--override',
    'call.metadata.a={"b":[1]}',
  ]
  await cli('retell', 'call_ended', '--override', ...changes)
  expect(bodies()[0]?.call).toMatchObject({ call_id: 'c1', duration_ms: 1000, to_number: '+49301', metadata: { a: { b: [1] } } })
  expect(bodies()[0]?.call).not.toHaveProperty('transcript')
  await cli('whatsapp', 'text', '--override', 'entry.0.changes.0.value.messages.0.text.body=hello')
  expect(received[1]?.body.toString()).toContain('"body":"hello"')
})

test('--count sends so many, each another event', async () => {
  const { out } = await cli('retell', 'call_ended', '--count', '20', '--json')
  const { webhooks } = JSON.parse(out) as { webhooks: { events: { eventId: string }[] }[] }
  expect(new Set(webhooks.flatMap(({ events }) => events.map(({ eventId }) => eventId))).size).toBe(20)
  expect(received).toHaveLength(20)
})

test.each([[[]], [['--json']]])('what was answered before the ingress went away is told (%j)', async (flags) => {
  dieAfter = 20
  const { code, out, err } = await cli('retell', 'call_ended', '--count', '40', ...flags)
  expect(code).toBe(1)
  expect(out.match(/  accepted  |"eventId"/g)).toHaveLength(20)
  expect(err).toContain('20 of 40 were answered.')
  expect(err).toContain('did not answer')
})

test('--data sends a file’s bytes as they are', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-data-'))
  await writeFile(join(directory, 'body.json'), '{"event":"call_ended",  "call":{"call_id":"x"}}\n')
  expect((await cli('retell', 'call_ended', '--data', join(directory, 'body.json'))).code).toBe(0)
  expect(received[0]?.body.toString()).toBe('{"event":"call_ended",  "call":{"call_id":"x"}}\n')
  await rm(directory, { recursive: true })
})

test('another ingress needs its own secret: that of dev.json is not sent there', async () => {
  const elsewhere = await cli('retell', 'call_ended', '--ingress', `${ingressUrl}/`)
  expect([elsewhere.code, received]).toEqual([2, []])
  expect(elsewhere.err).toContain('FRONTDESK_WEBHOOK_SECRET')
  const env = { FRONTDESK_INGRESS_URL: ingressUrl, FRONTDESK_WEBHOOK_SECRET: 'other' }
  expect((await run(['trigger', 'calcom', 'BOOKING_CREATED', '--connection', 'con_9'], { env, now })).code).toBe(0)
  expect(received[0]?.path).toBe('/v1/webhooks/calcom/con_9')
})

test('a refusal is told with its reason and what to look at, exit code 1; a duplicate is told as one', async () => {
  answer = { status: 401, body: { code: 'signature_invalid', title: 'Signature invalid', detail: 'No.' } }
  const { code, out, err } = await cli('stripe', 'invoice.paid')
  expect([code, out]).toEqual([1, expect.stringMatching(/^401 {2}\d+ ms {2}signature_invalid$/)])
  expect(err).toContain('refused with 401, Signature invalid: No.')
  expect(err).toContain('Is the secret')
  answer = { status: 200, body: { accepted: 0, duplicates: 1 } }
  expect((await cli('stripe', 'invoice.paid')).out).toContain('duplicate')
})

test('an event that there is no sample of is sent all the same, and said to be without one', async () => {
  const mistyped = await cli('retell', 'call_endet')
  expect(mistyped.err).toContain('There is no sample of retell call_endet')
  expect(mistyped.err).toContain('--list')
  expect(received).toHaveLength(1)
  expect((await cli('retell', 'call_ended')).err).not.toContain('There is no sample')
})

test('--list tells what there is, of all providers or of one', async () => {
  expect((await run(['trigger', '--list'])).out).toMatch(/retell +call_ended[^]*whatsapp +text/)
  expect(JSON.parse((await run(['trigger', '--list', 'calcom', '--json'])).out)).toEqual({
    providers: [{ provider: 'calcom', events: liveSamples.calcom.events }],
  })
})

test.for([
  [[], 2, 'Which provider'],
  [['paypal', 'x'], 2, 'one of retell'],
  [['retell', 'call ended'], 2, 'is no event'],
  [['retell', 'call_ended', '--override', 'call'], 2, '--override takes path=value'],
  [['retell', 'call_ended', '--override', 'call.__proto__.x=1'], 2, '--override takes path=value'],
  [['retell', 'call_ended', '--override', 'event.x=1'], 2, 'no object at "event"'],
  [['retell', 'call_ended', '--data', '/absent', '--count', '2'], 2, '--data is sent as it is'],
  [['retell', 'call_ended', '--data', '/absent'], 1, '/absent can not be read'],
] as const)('%s is refused before anything is sent', async ([argv, code, said]) => {
  const outcome = await cli(...argv)
  expect([outcome.code, outcome.out, received]).toEqual([code, '', []])
  expect(outcome.err).toContain(said)
})

test('an ingress that is away is told with its address', async () => {
  const env = { FRONTDESK_INGRESS_URL: 'http://127.0.0.1:1', FRONTDESK_WEBHOOK_SECRET: 'x' }
  const { code, err } = await run(['trigger', 'retell', 'call_ended'], { env })
  expect([code, err]).toEqual([1, expect.stringContaining('http://127.0.0.1:1 (from FRONTDESK_INGRESS_URL)')])
})
