import { once } from 'node:events'
import { connect } from 'node:net'
import { calcomWebhook, retellWebhook, signCalcom, signRetell } from '@frontdesk/providers/testing'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, post, retellApiKey, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  // Two replicas: each allows half, and ten seconds' worth of it at once.
  harness = await startHarness({
    CONNECTION_RATE_LIMIT: '6',
    REPLICAS: '2',
    UNPROVEN_RATE_LIMIT: '40',
    TRUSTED_PROXIES: '127.0.0.0/8',
  })
})
afterAll(() => harness[Symbol.asyncDispose]())

let sent = 0
const calcom = (connectionId: string, secret: string, address = '203.0.113.1') => {
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid: `limits-${(sent += 1)}` } })
  const headers = { 'x-cal-signature-256': signCalcom(body, secret), 'x-forwarded-for': address }
  return harness.post(`/v1/webhooks/calcom/${connectionId}`, body, headers)
}
const many = (count: number, send: () => ReturnType<typeof calcom>) => Promise.all(Array.from({ length: count }, send))
const statusesOf = (answers: readonly { status: number }[]) => {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

test('a connection beyond its share is told 429 with Retry-After and leaves a refusal; others and the platform’s routes go on', async () => {
  const [busy, quiet] = [harness.directory.setSecret('busy'), harness.directory.setSecret('quiet')]
  const answers = await many(50, () => calcom(busy, 'busy'))
  expect(statusesOf(answers)).toEqual({ 200: 30, 429: 20 })
  const refused = answers.find(({ status }) => status === 429)
  expect(refused?.json).toMatchObject({ code: 'rate_limited', status: 429 })
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(Number(refused?.headers.get('retry-after'))).toBeLessThanOrEqual(10)
  expect(await calcom(quiet, 'quiet')).toMatchObject({ status: 200 })
  const { body } = retellWebhook('call_ended', { call: { call_id: 'of-the-platform' } })
  expect(
    await harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, retellApiKey, Date.now()) }),
  ).toMatchObject({ status: 200 })
  // Beyond it not even the body is read: nobody waits for one that never comes.
  expect(await answerToHead(`/v1/webhooks/calcom/${busy}`)).toMatch(/^HTTP\/1\.1 429 /)
  await eventually(async () => expect(await refusals('rate_limited', busy)).toBe(21))
})

test('somebody without the secret can’t use up a connection’s share', async () => {
  const connectionId = harness.directory.setSecret('own')
  await many(200, () => calcom(connectionId, 'wrong', '198.51.100.1'))
  expect(statusesOf(await many(30, () => calcom(connectionId, 'own')))).toEqual({ 200: 30 })
})

test('an address that proves nothing is 429 after a while, for the rest of its /64 too; what is signed is taken from it all the same', async () => {
  const connectionId = harness.directory.setSecret('shared address')
  const address = '2001:db8:7:7::1'
  const answers = await many(60, () => calcom(connectionId, 'wrong', address))
  expect(statusesOf(answers)).toEqual({ 401: 40, 429: 20 })
  expect(Number(answers.find(({ status }) => status === 429)?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(await calcom(connectionId, 'wrong', '2001:db8:7:7:8::9')).toMatchObject({ status: 429 })
  expect(await calcom(connectionId, 'wrong', '2001:db8:7:8::1')).toMatchObject({ status: 401 })
  expect(await calcom(connectionId, 'shared address', address)).toMatchObject({ status: 200 })
})

test('an address beyond its limit that makes connections up asks the directory nothing', async () => {
  const address = '198.51.100.77'
  await many(45, () => calcom('not-an-id', 'any', address))
  const lists = harness.directory.asked.lists
  expect(statusesOf(await many(50, () => calcom('con_01h455vb4pex5vsknk084sn02q', 'any', address)))).toEqual({ 429: 50 })
  expect(harness.directory.asked.lists).toBe(lists)
})

test.each([
  ['retell', 4],
  ['stripe', 1],
  ['whatsapp', 3],
  ['calcom', 1],
])('%s takes %i MiB, and beyond that 413', async (provider, mib) => {
  const url = `${harness.ingress.url}/v1/webhooks/${provider}`
  const largest = Buffer.alloc(mib * 1024 * 1024, ' ')
  expect((await post(url, largest, {})).status).toBeOneOf([401, 404])
  expect(await post(url, Buffer.concat([largest, Buffer.from(' ')]), {})).toMatchObject({
    status: 413,
    json: { code: 'payload_too_large' },
  })
})

test('what is packed is refused with what to do, and never unpacked', async () => {
  const headers = { 'content-encoding': 'gzip' }
  expect(await post(`${harness.ingress.url}/v1/webhooks/retell`, 'x', headers)).toMatchObject({
    status: 415,
    json: { code: 'unsupported_encoding', detail: 'Send the body as it is, without Content-Encoding.' },
  })
})

test('400 slow senders beyond the cap of 100 connections keep no honest caller out', async () => {
  await using capped = await startHarness({ MAX_CONNECTIONS: '100' })
  const { port, hostname } = new URL(capped.ingress.url)
  const halves = [
    'POST /v1/webhooks/retell HTTP/1.1\r\nhost: x\r\n',
    'POST /v1/webhooks/retell HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{',
  ]
  const slow = Array.from({ length: 400 }, (_, index) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.write(halves[index % 2] ?? '')
    return socket
  })
  try {
    for (let index = 0; index < 20; index += 1) {
      const { body } = retellWebhook('call_ended', { call: { call_id: `among-slow-ones-${index}` } })
      const headers = { 'x-retell-signature': signRetell(body, retellApiKey, Date.now()), connection: 'close' }
      const startedAt = performance.now()
      expect(await capped.post('/v1/webhooks/retell', body, headers)).toMatchObject({ status: 200 })
      expect(performance.now() - startedAt).toBeLessThan(500)
    }
    expect(slow.filter(({ destroyed }) => destroyed).length).toBeGreaterThanOrEqual(300)
  } finally {
    for (const socket of slow) socket.destroy()
  }
})

/** What is said to a request whose body never comes, within half of the time that a body has. */
async function answerToHead(path: string): Promise<string> {
  const { port, hostname } = new URL(harness.ingress.url)
  const socket = connect(Number(port), hostname)
  try {
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n`)
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(4_000) })
    return String(answer)
  } finally {
    socket.destroy()
  }
}

async function refusals(code: string, connectionId: string): Promise<number> {
  const connection = await createConnection(harness.mysqlUrl)
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT SUM(times) AS times FROM refusals WHERE code = ? AND connection_id = ?',
      [code, connectionId],
    )
    return Number(rows[0]?.times)
  } finally {
    await connection.end()
  }
}
