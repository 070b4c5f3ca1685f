import { once } from 'node:events'
import { connect } from 'node:net'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { decodePayload } from '@frontdesk/contracts'
import { calcomWebhook, retellWebhook, signCalcom, signRetell } from '@frontdesk/providers/testing'
import { eventually, startNats } from '@frontdesk/testing'
import { Retell } from 'retell-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, retellApiKey, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

let calls = 0
const callBody = (overrides: object = {}) => retellWebhook('call_ended', { call: { call_id: `call_${(calls += 1)}`, ...overrides } })
const signed = (body: Buffer | string, key = retellApiKey, atMs = Date.now()) => ({
  'x-retell-signature': signRetell(Buffer.from(body), key, atMs),
})
const callId = (sample: { json: Record<string, unknown> }) => (sample.json.call as { call_id: string }).call_id
const eventsOf = async (entityId: string) => (await harness.ledger.listEvents({ entityId })).events

test('what Retell’s own SDK signed is kept byte for byte before it is answered', async () => {
  const sample = callBody()
  const signature = await Retell.sign(sample.body.toString(), retellApiKey)
  const answer = await harness.post('/v1/webhooks/retell', sample.body, { 'x-retell-signature': signature, 'x-custom': 'seen' })
  expect(answer).toMatchObject({ status: 200, json: { accepted: 1, duplicates: 0 } })

  const [event] = await eventsOf(callId(sample))
  expect(event).toMatchObject({ provider: 'retell', eventType: 'frontdesk.call.ended.v1' })
  const { delivery } = await harness.ledger.getDelivery({ deliveryId: event?.deliveryId ?? '' })
  expect(delivery?.body.equals(sample.body)).toBe(true)
  expect(delivery?.headers).toMatchObject({ 'x-retell-signature': '[masked]', 'x-custom': 'seen' })
})

test('the same event again is a duplicate, in sequence and at the same moment', async () => {
  const sample = callBody()
  const answers = await Promise.all(Array.from({ length: 20 }, () => harness.post('/v1/webhooks/retell', sample.body, signed(sample.body))))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  expect(answers.filter(({ json }) => json.accepted === 1)).toHaveLength(1)
  const again = await harness.post('/v1/webhooks/retell', sample.body, signed(sample.body))
  expect(again.json).toEqual({ accepted: 0, duplicates: 1 })
  expect(await eventsOf(callId(sample))).toHaveLength(1)
})

test('each kind of bad input has a code of its own, and nothing of it is kept', async () => {
  const connectionId = harness.directory.setSecret('secret of A')
  harness.directory.setSecret('secret of B')
  const { body } = callBody()
  const booking = calcomWebhook('BOOKING_CREATED', { payload: { uid: 'uid-of-bad-input' } }).body
  const calcom = (secret: string) => ({ 'x-cal-signature-256': signCalcom(booking, secret) })
  const large = Buffer.alloc(5 * 1024 * 1024, ' ')
  const before = (await harness.operations.getConservation({})).counts.accepted
  const retell = '/v1/webhooks/retell'
  const cases: [string, string, Buffer | string, Record<string, string>, number, string][] = [
    ['not JSON', retell, 'not json', signed('not json'), 400, 'malformed_json'],
    ['unsigned', retell, body, {}, 401, 'signature_missing'],
    ['a signature of the wrong form', retell, body, { 'x-retell-signature': 'd=1' }, 401, 'signature_malformed'],
    ['another key', retell, body, signed(body, 'another key'), 401, 'signature_invalid'],
    ['stale by 301 s', retell, body, signed(body, retellApiKey, Date.now() - 301_000), 401, 'timestamp_out_of_tolerance'],
    ['301 s ahead', retell, body, signed(body, retellApiKey, Date.now() + 301_000), 401, 'timestamp_out_of_tolerance'],
    ['too large', retell, large, signed(large), 413, 'payload_too_large'],
    ['another company’s secret', `/v1/webhooks/calcom/${connectionId}`, booking, calcom('secret of B'), 401, 'signature_invalid'],
    [
      'an unknown connection',
      '/v1/webhooks/calcom/con_01h455vb4pex5vsknk084sn02q',
      booking,
      calcom('secret of A'),
      404,
      'unknown_connection',
    ],
    ['a path that is no connection', '/v1/webhooks/calcom/x', booking, calcom('secret of A'), 404, 'unknown_connection'],
    ['a provider without a platform secret', '/v1/webhooks/calcom', booking, calcom('secret of A'), 404, 'unknown_connection'],
    [
      'a connection of another provider',
      `/v1/webhooks/retell/${connectionId}`,
      body,
      signed(body, 'secret of A'),
      404,
      'unknown_connection',
    ],
    ['an unknown provider', '/v1/webhooks/acme', body, signed(body), 404, 'not_found'],
  ]
  for (const [what, path, payload, headers, status, code] of cases) {
    const answer = await harness.post(path, payload, headers)
    expect({ what, status: answer.status, code: answer.json.code }).toEqual({ what, status, code })
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  }
  expect((await harness.operations.getConservation({})).counts.accepted).toBe(before)
})

test('what verified and does not fit its schema is kept, with what did not fit', async () => {
  const sample = callBody({ start_timestamp: 'yesterday' })
  expect(await harness.post('/v1/webhooks/retell', sample.body, signed(sample.body))).toMatchObject({ status: 200, json: { accepted: 1 } })
  const events = await eventsOf(callId(sample))
  expect(events).toMatchObject([{ eventType: 'frontdesk.provider_event.received.v1' }])
  // As it goes to the resolver, whose quarantine names it schema_drift.
  const connection = await createConnection(harness.mysqlUrl)
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT body FROM outbox WHERE entity_id = ?', [callId(sample)])
    const { schemaViolations } = decodePayload('frontdesk.provider_event.received.v1', rows[0]?.body as Buffer)
    expect(schemaViolations).toEqual(['call.start_timestamp: expected number, received string'])
  } finally {
    await connection.end()
  }
})

test('a connection’s own secret verifies, and a rotated one at once', async () => {
  const connectionId = harness.directory.setSecret('first')
  const send = (uid: string, secret: string) => {
    const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid } })
    return harness.post(`/v1/webhooks/calcom/${connectionId}`, body, { 'x-cal-signature-256': signCalcom(body, secret) })
  }
  expect(await send('rotation-1', 'first')).toMatchObject({ status: 200 })
  harness.directory.setSecret('second', connectionId)
  await eventually(async () => expect(await send('rotation-2', 'second')).toMatchObject({ status: 200 }))
  expect(await send('rotation-3', 'first')).toMatchObject({ status: 200 })
  expect(await eventsOf('rotation-1')).toMatchObject([{ connectionId, provider: 'calcom' }])
})

test('without the directory and after a restart, known connections verify and unknown ones are told to send again', async () => {
  const connectionId = harness.directory.setSecret('known')
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid: 'before-restart' } })
  const headers = { 'x-cal-signature-256': signCalcom(body, 'known') }
  expect(await harness.post(`/v1/webhooks/calcom/${connectionId}`, body, headers)).toMatchObject({ status: 200 })
  await harness.directory.stop()
  await harness.restart()
  try {
    expect(await harness.post(`/v1/webhooks/calcom/${connectionId}`, body, headers)).toMatchObject({ status: 200, json: { duplicates: 1 } })
    const unknown = await harness.post('/v1/webhooks/calcom/con_01h455vb4pex5vsknk084sn02r', body, headers)
    expect(unknown).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    expect(unknown.headers.get('retry-after')).toMatch(/^[1-9]/)
  } finally {
    await harness.directory.start()
  }
})

test('without identity it starts, is ready and verifies what it knows; only what the directory alone knows is to be sent again', async () => {
  const connectionId = harness.directory.setSecret('before')
  const send = (uid: string, secret: string, to = connectionId) => {
    const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid } })
    return harness.post(`/v1/webhooks/calcom/${to}`, body, { 'x-cal-signature-256': signCalcom(body, secret) })
  }
  // The directory of the test before has just come back, and the connection to it may still wait.
  await eventually(async () => expect(await send('with-identity', 'before')).toMatchObject({ status: 200 }))
  await harness.restart({ withoutIdentity: true })
  try {
    expect((await fetch(`${harness.ingress.adminUrl}/readyz`)).status).toBe(200)
    const { body } = callBody()
    expect(await harness.post('/v1/webhooks/retell', body, signed(body))).toMatchObject({ status: 200, json: { accepted: 1 } })
    expect(await send('without-identity', 'before')).toMatchObject({ status: 200 })
    const lost = [send('rotated-meanwhile', 'after'), send('unknown', 'any', 'con_01h455vb4pex5vsknk084sn02r')]
    for (const answer of await Promise.all(lost)) {
      expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } })
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]/)
    }
  } finally {
    await harness.restart()
  }
})

test('what the ledger can’t hold is to be sent again, since whoever signed it is not at fault', async () => {
  const sample = callBody()
  const connection = await createConnection(harness.mysqlUrl)
  try {
    await connection.query(`CREATE TRIGGER too_long BEFORE INSERT ON outbox FOR EACH ROW
      IF NEW.entity_id = '${callId(sample)}' THEN SIGNAL SQLSTATE '22001' SET MYSQL_ERRNO = 1406, MESSAGE_TEXT = 'too long'; END IF`)
    const refused = await harness.post('/v1/webhooks/retell', sample.body, signed(sample.body))
    expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    await connection.query('DROP TRIGGER too_long')
    expect(await harness.post('/v1/webhooks/retell', sample.body, signed(sample.body))).toMatchObject({
      status: 200,
      json: { accepted: 1 },
    })
  } finally {
    await connection.end()
  }
})

test('a refusal leaves a row of why, alike ones a single row', async () => {
  const connection = await createConnection(harness.mysqlUrl)
  try {
    const { body } = callBody()
    const headers = { 'x-retell-signature': 'nonsense' }
    await harness.post('/v1/webhooks/retell', Buffer.alloc(5 * 1024 * 1024, ' '), headers)
    await Promise.all(Array.from({ length: 10 }, () => harness.post('/v1/webhooks/retell', body, headers)))
    await eventually(async () => {
      const [rows] = await connection.query<RowDataPacket[]>(
        "SELECT SUM(times) AS times, COUNT(*) AS n FROM refusals WHERE code = 'signature_malformed'",
      )
      expect(Number(rows[0]?.times)).toBeGreaterThanOrEqual(10)
      expect(Number(rows[0]?.n)).toBeLessThanOrEqual(4)
      const [large] = await connection.query<RowDataPacket[]>("SELECT times FROM refusals WHERE code = 'payload_too_large'")
      expect(large.length).toBeGreaterThanOrEqual(1)
    })
  } finally {
    await connection.end()
  }
})

test('a client that breaks off in the middle is known by its address, and takes no refusal of the same second with it', async () => {
  const connection = await createConnection(harness.mysqlUrl)
  try {
    const { hostname, port } = new URL(harness.ingress.url)
    const gone = connect({ host: hostname, port: Number(port) })
    gone.write(`POST /v1/webhooks/retell HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 100\r\n\r\n{`, () => gone.destroy())
    await once(gone, 'close')
    await harness.post('/v1/webhooks/retell', callBody().body, {})
    await eventually(async () => {
      const [rows] = await connection.query<RowDataPacket[]>(
        "SELECT address FROM refusals WHERE code = 'signature_missing' AND at > NOW(6) - INTERVAL 1 MINUTE",
      )
      expect(rows.length).toBeGreaterThanOrEqual(1)
      const [broken] = await connection.query<RowDataPacket[]>("SELECT address FROM refusals WHERE code = 'cancelled'")
      expect(new Set(broken.map(({ address }) => String(address)))).toEqual(new Set(['127.0.0.1']))
    })
  } finally {
    await connection.end()
  }
})

test('the trace of the request goes on with its event, whoever shares its commit, and a stranger’s does not', async () => {
  const traceIds = ['a', 'b', 'c'].map((digit) => digit.repeat(32))
  const samples = traceIds.map(() => callBody())
  await Promise.all(
    samples.map(({ body }, index) =>
      harness.post('/v1/webhooks/retell', body, { ...signed(body), traceparent: `00-${traceIds[index]}-${'1'.repeat(16)}-01` }),
    ),
  )
  const connection = await createConnection(harness.mysqlUrl)
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT entity_id AS entityId, traceparent FROM outbox WHERE entity_id IN (?)', [
      samples.map(callId),
    ])
    const carried = new Map(rows.map((row) => [String(row.entityId), String(row.traceparent).split('-')[1]]))
    expect(carried.size).toBe(samples.length)
    const ours = new Set(carried.values())
    expect(ours.size).toBe(samples.length)
    expect(traceIds.filter((stranger) => ours.has(stranger))).toEqual([])
  } finally {
    await connection.end()
  }
})

test('it is ready and serves without a broker, and publishes what waited once there is one', async () => {
  const ready = await fetch(`${harness.ingress.adminUrl}/readyz`)
  expect(ready.status).toBe(200)
  const waiting = (await harness.operations.getConservation({})).unpublished
  expect(waiting).toBeGreaterThan(0n)

  await using nats = await startNats({ port: harness.natsPort })
  await using bus = connectBus({ servers: nats.url, name: 'test', telemetry: harness.telemetry })
  await bus.connected()
  await applyStreams(bus)
  await eventually(async () => expect((await harness.operations.getConservation({})).unpublished).toBe(0n), { timeoutMs: 15_000 })
  const { state } = await (await bus.manager()).streams.info('INGRESS')
  expect(BigInt(state.messages)).toBe((await harness.operations.getConservation({})).counts.accepted)
}, 30_000)
