import { applyStreams, connectBus } from '@frontdesk/bus'
import { decodePayload, encodePayload, EventSource, newId, ReprocessMode, VerifyingSecret } from '@frontdesk/contracts'
import { retellWebhook, signRetell, signWhatsapp, whatsappWebhook } from '@frontdesk/providers/testing'
import { eventually, startNats } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, retellApiKey, startHarness, whatsappSecrets } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const { AS_PUBLISHED, RENORMALIZE } = ReprocessMode

const sql: Harness['sql'] = (text, params) => harness.sql(text, params)

interface Published {
  call: { agentId: string }
  source: { evidence: unknown[] }
  apiKey?: string
}

let calls = 0
/** A call's end that the ledger has accepted. */
async function keepCall(overrides: Record<string, string> = {}) {
  const callId = `call_${(calls += 1)}`
  const { body } = retellWebhook('call_ended', { call: { call_id: callId, ...overrides } })
  const answer = await harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, retellApiKey, Date.now()) })
  expect(answer.json).toEqual({ accepted: 1, duplicates: 0 })
  const [event] = (await harness.ledger.listEvents({ entityId: callId })).events
  if (!event) throw new Error('the ledger has no such call')
  return { ...event, bytes: Buffer.from(event.eventId, 'hex') }
}

/** Has the ledger say that an earlier version's normalizer published something else of the event. */
async function publishedOtherwise(event: { bytes: Buffer }, change: (json: Published) => void): Promise<void> {
  const [row] = await sql<{ body: Buffer }>('select body from outbox where event_id = ?', [event.bytes])
  const json = JSON.parse(row?.body.toString() ?? '') as Published
  change(json)
  await sql('update outbox set body = ? where event_id = ?', [Buffer.from(JSON.stringify(json)), event.bytes])
}

const rowsOf = (event: { bytes: Buffer }) =>
  sql<{ revision: number; subject: string; type: string; body: Buffer }>(
    'select revision, cast(subject as char) subject, cast(event_type as char) type, body from outbox where event_id = ? order by id',
    [event.bytes],
  )

test('what was published last goes out again as the next revision, on the bulk lane, with the same bytes', async () => {
  const event = await keepCall()
  const request = { eventIds: [event.eventId], mode: AS_PUBLISHED }
  const expected = { eventId: event.eventId, deliveryId: event.deliveryId, outcome: 'REPROCESS_OUTCOME_RAISED', differences: [] }

  const preview = await harness.ledger.reprocessEvents({ ...request, dryRun: true })
  expect(preview.events).toMatchObject([{ ...expected, revision: 1, nextRevision: 2 }])
  expect(await rowsOf(event)).toHaveLength(1)

  expect(await harness.ledger.reprocessEvents(request)).toEqual(preview)
  expect((await harness.ledger.reprocessEvents(request)).events).toMatchObject([{ ...expected, revision: 2, nextRevision: 3 }])
  const [first, second, third] = await rowsOf(event)
  expect(second).toEqual({ ...first, revision: 2, subject: 'bulk.ingress.retell.call.ended' })
  expect(third).toEqual({ ...second, revision: 3 })
})

test('what today’s normalizers make otherwise goes out once, and a dry run says where it differs and sends nothing', async () => {
  const [changed, same] = [await keepCall(), await keepCall()]
  await publishedOtherwise(changed, (json) => {
    json.call.agentId = 'agent_of_before'
    json.source.evidence = []
    json.apiKey = 'sk_live_abc'
  })
  const request = { eventIds: [same.eventId, changed.eventId], mode: RENORMALIZE }
  const preview = await harness.ledger.reprocessEvents({ ...request, dryRun: true })
  expect(preview.events).toMatchObject([
    { eventId: same.eventId, outcome: 'REPROCESS_OUTCOME_UNCHANGED', revision: 1, nextRevision: 0, differences: [] },
    { eventId: changed.eventId, outcome: 'REPROCESS_OUTCOME_RAISED', revision: 1, nextRevision: 2, comparedWithNothing: false },
  ])
  const paths = preview.events[1]?.differences.map(({ path, before, after }) => [path, before, after])
  expect(paths).toContainEqual(['call.agentId', '"agent_of_before"', expect.stringMatching(/^"agent/)])
  expect(paths).toContainEqual(['source.evidence[0].kind', '', '"EVIDENCE_KIND_PHONE_NUMBER"'])
  expect(paths).toContainEqual(['apiKey', '[masked]', ''])
  expect(await rowsOf(changed)).toHaveLength(1)

  expect(await harness.ledger.reprocessEvents(request)).toEqual(preview)
  expect((await harness.ledger.reprocessEvents(request)).events.map(({ outcome }) => outcome)).toEqual([
    'REPROCESS_OUTCOME_UNCHANGED',
    'REPROCESS_OUTCOME_UNCHANGED',
  ])
  expect((await rowsOf(same)).map(({ revision }) => revision)).toEqual([1])
  expect((await rowsOf(changed)).map(({ revision }) => revision)).toEqual([1, 2])
})

test('a drift that fits by now goes on as the same event, by its new type', async () => {
  const event = await keepCall()
  const drift = 'frontdesk.provider_event.received.v1'
  const [row] = await rowsOf(event)
  const { source } = decodePayload('frontdesk.call.ended.v1', row?.body ?? Buffer.alloc(0))
  const body = encodePayload(drift, {
    source: EventSource.fromJSON((JSON.parse(row?.body.toString() ?? '') as { source: unknown }).source),
    schemaViolations: ['call: expected object'],
    data: undefined,
  })
  expect(source?.deliveryId).toBe(event.deliveryId)
  await sql('update outbox set event_type = ?, subject = ?, body = ? where event_id = ?', [
    drift,
    'ingress.retell.provider_event.received',
    Buffer.from(body),
    event.bytes,
  ])
  await sql('update events set type = ? where event_id = ?', [drift, event.bytes])

  const { events } = await harness.ledger.reprocessEvents({ eventIds: [event.eventId], mode: RENORMALIZE })
  expect(events).toMatchObject([
    { outcome: 'REPROCESS_OUTCOME_RAISED', eventType: drift, nextEventType: 'frontdesk.call.ended.v1', nextRevision: 2 },
  ])
  expect(events[0]?.differences[0]).toEqual({ path: '(type)', before: `"${drift}"`, after: '"frontdesk.call.ended.v1"' })
  expect((await rowsOf(event)).at(-1)).toMatchObject({
    revision: 2,
    subject: 'bulk.ingress.retell.call.ended',
    type: 'frontdesk.call.ended.v1',
    body: row?.body,
  })
  expect((await harness.ledger.getEvent({ eventId: event.eventId })).event?.eventType).toBe('frontdesk.call.ended.v1')
})

test('twenty at the same moment make twenty revisions, none twice and none left out', async () => {
  const events = [await keepCall(), await keepCall(), await keepCall()]
  const eventIds = events.map(({ eventId }) => eventId)
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      harness.ledger.reprocessEvents({ eventIds: index % 2 === 0 ? eventIds : eventIds.toReversed(), mode: AS_PUBLISHED }),
    ),
  )
  const all = Array.from({ length: 20 }, (_, index) => index + 2)
  for (const event of events) {
    const given = answers.map((answer) => answer.events.find(({ eventId }) => eventId === event.eventId)?.nextRevision ?? 0)
    expect(given.toSorted((a, b) => a - b)).toEqual(all)
    expect((await rowsOf(event)).map(({ revision }) => revision)).toEqual([1, ...all])
  }
})

test('of ten that normalize the same difference at once, one sends it', async () => {
  const event = await keepCall()
  await publishedOtherwise(event, (json) => void (json.call.agentId = 'agent_of_before'))
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => harness.ledger.reprocessEvents({ eventIds: [event.eventId], mode: RENORMALIZE })),
  )
  expect(answers.filter(({ events }) => events[0]?.outcome === 'REPROCESS_OUTCOME_RAISED')).toHaveLength(1)
  expect((await rowsOf(event)).map(({ revision }) => revision)).toEqual([1, 2])
})

test('each event that can’t be sent says why, and holds up none that can', async () => {
  const [gone, forgotten, other, fine] = [await keepCall(), await keepCall(), await keepCall(), await keepCall()]
  await sql('delete from deliveries where delivery_id = ?', [gone.deliveryId])
  await sql('delete from outbox where event_id = ?', [forgotten.bytes])
  await sql('update deliveries set body = ? where delivery_id = ?', [
    retellWebhook('call_ended', { call: { call_id: 'another' } }).body,
    other.deliveryId,
  ])
  await publishedOtherwise(fine, (json) => void (json.call.agentId = 'agent_of_before'))
  const unknown = '0'.repeat(64)
  const eventIds = [gone, forgotten, other, fine].map(({ eventId }) => eventId).concat(unknown)

  const again = await harness.ledger.reprocessEvents({ eventIds, mode: AS_PUBLISHED, dryRun: true })
  expect(again.events.map(({ outcome }) => outcome.replace('REPROCESS_OUTCOME_', ''))).toEqual([
    'RAISED',
    'CONTENT_PURGED',
    'RAISED',
    'RAISED',
    'UNKNOWN_EVENT',
  ])
  const normalized = await harness.ledger.reprocessEvents({ eventIds, mode: RENORMALIZE })
  expect(normalized.events.map(({ outcome }) => outcome.replace('REPROCESS_OUTCOME_', ''))).toEqual([
    'BODY_PURGED',
    'RAISED',
    'NOT_MADE',
    'RAISED',
    'UNKNOWN_EVENT',
  ])
  // Nobody knows what it said, so nobody can say that it is the same.
  expect(normalized.events[1]).toMatchObject({ comparedWithNothing: true, differences: [], nextRevision: 2 })
})

test('a delivery goes on whole, with what only today’s normalizers make of it as new events', async () => {
  const { body } = whatsappWebhook('text')
  const json = JSON.parse(body.toString()) as { entry: { changes: { value: { messages: Record<string, unknown>[] } }[] }[] }
  const messages = json.entry[0]?.changes[0]?.value.messages
  messages?.push(...['wamid.second', 'wamid.third'].map((id) => ({ ...messages[0], id })))
  const raw = Buffer.from(JSON.stringify(json))
  const answer = await harness.post('/v1/webhooks/whatsapp', raw, { 'x-hub-signature-256': signWhatsapp(raw, whatsappSecrets.current) })
  expect(answer.json).toEqual({ accepted: 3, duplicates: 0 })
  const [third] = (await harness.ledger.listEvents({ entityId: 'wamid.third' })).events
  const deliveryId = third?.deliveryId ?? ''
  // As if an earlier version had overlooked it.
  const bytes = Buffer.from(third?.eventId ?? '', 'hex')
  await sql('delete from events where event_id = ?', [bytes])
  await sql('delete from outbox where event_id = ?', [bytes])

  const outcomesOf = async (mode: ReprocessMode, dryRun = false) => {
    const { events } = await harness.ledger.reprocessEvents({ deliveryId, mode, dryRun })
    return events.map(({ outcome, nextRevision }) => [outcome.replace('REPROCESS_OUTCOME_', ''), nextRevision]).toSorted()
  }
  const expected = [
    ['ADDED', 1],
    ['UNCHANGED', 0],
    ['UNCHANGED', 0],
  ]
  expect(await outcomesOf(RENORMALIZE, true)).toEqual(expected)
  expect(await outcomesOf(RENORMALIZE)).toEqual(expected)
  expect(await outcomesOf(RENORMALIZE)).toEqual([
    ['UNCHANGED', 0],
    ['UNCHANGED', 0],
    ['UNCHANGED', 0],
  ])
  expect(await outcomesOf(AS_PUBLISHED)).toEqual([
    ['RAISED', 2],
    ['RAISED', 2],
    ['RAISED', 2],
  ])
  expect((await harness.ledger.getEvent({ eventId: third?.eventId ?? '' })).event).toEqual({
    ...third,
    revision: 2,
    // It did not come by its webhook.
    verifiedBy: VerifyingSecret.UNSPECIFIED,
  })
  // The provider's next try is a duplicate of all three.
  const retry = await harness.post('/v1/webhooks/whatsapp', raw, { 'x-hub-signature-256': signWhatsapp(raw, whatsappSecrets.current) })
  expect(retry.json).toEqual({ accepted: 0, duplicates: 3 })
})

test('a run sends each event once, however often it is done again, and another run sends it once more', async () => {
  const [first, second] = [await keepCall(), await keepCall()]
  const request = { eventIds: [first.eventId], mode: AS_PUBLISHED, runId: 'run_of_the_morning' }
  const outcomes = async (more: Partial<typeof request> & { dryRun?: boolean } = {}) =>
    (await harness.ledger.reprocessEvents({ ...request, ...more })).events.map(({ outcome }) => outcome.replace('REPROCESS_OUTCOME_', ''))
  expect(await outcomes()).toEqual(['RAISED'])
  const both = { eventIds: [first.eventId, second.eventId] }
  expect(await outcomes({ ...both, dryRun: true })).toEqual(['SENT_BEFORE', 'RAISED'])
  const answers = await Promise.all(Array.from({ length: 5 }, () => outcomes(both)))
  expect(answers.flat().filter((outcome) => outcome === 'RAISED')).toHaveLength(1)
  expect(await outcomes({ runId: 'run_of_the_evening' })).toEqual(['RAISED'])
  expect([(await rowsOf(first)).length, (await rowsOf(second)).length]).toEqual([3, 2])
})

test('who had it sent stays on record', async () => {
  const event = await keepCall()
  const operator = harness.authority.issuer('operator')
  const ada = harness.clients({ issue: (request) => operator.issue({ ...request, actor: 'ada@example.com' }) })
  await ada.ledger.reprocessEvents({ eventIds: [event.eventId], mode: AS_PUBLISHED })
  const rows = await sql(
    'select revision, cast(mode as char) mode, cast(caller as char) caller, cast(actor as char) actor from event_revisions where event_id = ?',
    [event.bytes],
  )
  expect(rows).toEqual([{ revision: 2, mode: 'as_published', caller: 'operator', actor: 'ada@example.com' }])
})

test('a request that is none is refused by what is wrong with it', async () => {
  const { ledger } = harness
  const id = 'ab'.repeat(32)
  const wrong: [Parameters<typeof ledger.reprocessEvents>[0], string, string][] = [
    [{ eventIds: [id] }, 'invalid_argument', 'mode'],
    [{ mode: RENORMALIZE }, 'invalid_argument', 'event_ids or delivery_id'],
    [{ mode: RENORMALIZE, eventIds: [id], deliveryId: 'dlv_1' }, 'invalid_argument', 'event_ids or delivery_id'],
    [{ mode: RENORMALIZE, eventIds: Array.from({ length: 101 }, () => id) }, 'invalid_argument', 'at most 100'],
    [{ mode: RENORMALIZE, eventIds: ['x'] }, 'invalid_argument', '64'],
    [{ mode: RENORMALIZE, eventIds: [id], runId: 'x y' }, 'invalid_argument', 'run_id'],
    [{ mode: RENORMALIZE, deliveryId: newId('dlv') }, 'not_found', 'delivery'],
  ]
  for (const [request, code, said] of wrong) {
    await expect(ledger.reprocessEvents(request)).rejects.toMatchObject({ code, publicMessage: expect.stringContaining(said) })
  }
  const companies = harness.clients({ issue: (request) => harness.authority.issuer('operator').issue({ ...request, companies: [] }) })
  await expect(companies.ledger.reprocessEvents({ mode: RENORMALIZE, eventIds: [id] })).rejects.toMatchObject({ code: 'permission_denied' })
})

test('the broker takes each revision for a message of its own, however soon it comes', async () => {
  await using nats = await startNats({ port: harness.natsPort })
  await using bus = connectBus({ servers: nats.url, name: 'reprocess-test', telemetry: harness.telemetry })
  await bus.connected()
  await applyStreams(bus)
  const event = await keepCall()
  for (let revision = 2; revision <= 4; revision += 1)
    await harness.ledger.reprocessEvents({ eventIds: [event.eventId], mode: AS_PUBLISHED })
  await eventually(async () => {
    const rows = await sql('select stream_seq from outbox where event_id = ? and stream_seq is not null', [event.bytes])
    expect(new Set(rows.map(({ stream_seq }) => stream_seq)).size).toBe(4)
  })
})
