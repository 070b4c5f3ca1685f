import {
  AttributionServiceDefinition,
  AttributionStatus,
  bulkSubject,
  type CompanyId,
  decodePayload,
  EvidenceKind,
  type EventSource,
  QuarantineReason,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { createRpcClient } from '@frontdesk/rpc'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ingressEvent, startHarness, storedIn } from './harness.ts'

let harness: Awaited<ReturnType<typeof startHarness>>
const phone = (value: string) => ({ kind: EvidenceKind.PHONE_NUMBER, value })
const agent = (value: string) => ({ kind: EvidenceKind.VOICE_AGENT, value })
const team = (value: string) => ({ kind: EvidenceKind.TEAM, value })
const companies = {} as Record<'a' | 'b' | 'inactive', CompanyId>

async function aCompany(name: string, signals: { kind: EvidenceKind; value: string }[]): Promise<CompanyId> {
  const { company } = await harness.directory.createCompany({ name, timeZone: 'Europe/Berlin' })
  const companyId = vouchForCompanyId(company?.companyId ?? '')
  await Promise.all(signals.map((signal) => harness.directory.addSignal({ companyId, ...signal })))
  return companyId
}

beforeAll(async () => {
  harness = await startHarness()
  companies.a = await aCompany('A', [phone('+4930100001'), phone('+4930100009'), agent('agent_a'), team('1')])
  companies.b = await aCompany('B', [phone('+4930100002'), phone('+4930100009'), agent('agent_b')])
  companies.inactive = await aCompany('C', [phone('+4930100003')])
  await harness.directory.deactivateCompany({ companyId: companies.inactive })
})
afterAll(() => harness[Symbol.asyncDispose]())

async function publish(...messages: ReturnType<typeof ingressEvent>[]) {
  for (const outcome of await harness.bus.publish(messages)) expect(outcome).toMatchObject({ ok: true })
}

const decisionOf = (key: string) =>
  eventually(async () => {
    const { attribution } = await harness.attribution.getAttribution({ eventId: ingressEvent({ key, source: {} }).envelope.id })
    if (!attribution) throw new Error('no attribution yet')
    return attribution
  })

const publishedAs = (stream: 'COMPANY' | 'QUARANTINE', eventId: string) =>
  eventually(async () => {
    const found = (await storedIn(harness.bus, stream)).filter(({ envelope }) => envelope.id === eventId)
    if (found.length === 0) throw new Error('nothing published yet')
    return found
  })

test('an event goes to the company of its number, once, byte for byte, and its decision can be read', async () => {
  const event = ingressEvent({
    key: 'plain',
    source: { evidence: [phone('+4930100001'), agent('agent_new')] },
    payload: { odd: '\u00e9' },
  })
  await publish(event, event)
  const attribution = await decisionOf('plain')
  expect(attribution).toMatchObject({
    eventType: 'frontdesk.call.ended.v1',
    revision: 1,
    source: { deliveryId: 'dlv_plain' },
    decision: { $case: 'attributed', value: { companyId: companies.a } },
    modelVersion: 'shipped-4',
    waterfall: [
      { evidence: { kind: EvidenceKind.PHONE_NUMBER, value: '+4930100001' }, companyIds: [companies.a] },
      { evidence: { kind: EvidenceKind.VOICE_AGENT, value: 'agent_new' }, companyIds: [] },
    ],
  })
  expect(attribution.directoryVersion).toBeGreaterThan(0n)
  const [only, ...others] = await publishedAs('COMPANY', event.envelope.id)
  expect(others).toEqual([])
  expect(only?.subject).toBe(`company.${companies.a}.call.ended`)
  expect(only?.body).toBe(Buffer.from(event.body).toString())
  expect(only?.envelope).toMatchObject({
    revision: 1,
    companyId: companies.a,
    correlationId: event.envelope.id,
    causationId: event.envelope.id,
    source: 'frontdesk/company-resolver',
  })
  expect(only?.envelope.confidence).toBeGreaterThan(0.95)
})

test.each([
  ['stripe', 'frontdesk.invoice.changed.v1', EvidenceKind.STRIPE_ACCOUNT, 'acct_e2e'],
  ['stripe', 'frontdesk.subscription.changed.v1', EvidenceKind.STRIPE_CUSTOMER, 'cus_e2e'],
  ['whatsapp', 'frontdesk.message.received.v1', EvidenceKind.WHATSAPP_PHONE_NUMBER, '106540352242922'],
  ['whatsapp', 'frontdesk.provider_event.received.v1', EvidenceKind.WHATSAPP_ACCOUNT, '102290129340398'],
] as const)('an event of %s, %s, goes to the company of its %s', async (provider, type, kind, value) => {
  await harness.directory.addSignal({ companyId: companies.b, kind, value })
  const event = ingressEvent({ key: value, type, source: { provider, entityId: value, evidence: [{ kind, value }] } })
  await publish(event)
  expect((await decisionOf(value)).decision).toMatchObject({ $case: 'attributed', value: { companyId: companies.b } })
  const [passedOn] = await publishedAs('COMPANY', event.envelope.id)
  expect(passedOn?.subject).toBe(`company.${companies.b}.${type.split('.').slice(1, 3).join('.')}`)
})

const quarantined: {
  reason: string
  source: Partial<EventSource>
  type?: 'frontdesk.provider_event.received.v1'
  payload?: Record<string, unknown>
}[] = [
  { reason: 'no_match', source: { evidence: [phone('+4930999999')] } },
  { reason: 'ambiguous', source: { evidence: [phone('+4930100009')] } },
  { reason: 'low_confidence', source: { evidence: [team('1')] } },
  { reason: 'conflict', source: { evidence: [phone('+4930100001'), agent('agent_b')] } },
  { reason: 'inactive_company', source: { evidence: [phone('+4930100003')] } },
  {
    reason: 'schema_drift',
    source: { evidence: [phone('+4930100001')] },
    type: 'frontdesk.provider_event.received.v1',
    payload: { schemaViolations: ['call.call_id: expected string'] },
  },
]

test.each(quarantined)('an event waits in the quarantine, once, as $reason', async ({ reason, ...options }) => {
  const event = ingressEvent({ key: reason, ...options })
  await publish(event)
  const message = QuarantineReason[reason.toUpperCase() as keyof typeof QuarantineReason]
  const { decision } = await decisionOf(reason)
  expect(decision).toMatchObject({ $case: 'quarantined', value: { reason: message } })
  const found = await publishedAs('QUARANTINE', event.envelope.id)
  expect(found).toMatchObject([
    { subject: `quarantine.retell.${reason}`, envelope: { type: 'frontdesk.event.quarantined.v1', revision: 1 } },
  ])
  expect(found[0]?.envelope.companyId).toBeUndefined()
  const payload = decodePayload('frontdesk.event.quarantined.v1', Buffer.from(found[0]?.body ?? ''))
  expect(payload).toMatchObject({
    reason: message,
    eventType: event.envelope.type,
    original: JSON.parse(Buffer.from(event.body).toString()) as object,
  })
  const { attributions } = await harness.attribution.listQuarantine({ reason: message, pageSize: 1 })
  expect(attributions).toMatchObject([{ eventId: event.envelope.id }])
})

test('the quarantine pages through everything, newest first', async () => {
  const seen: string[] = []
  let pageToken = ''
  do {
    // Each page names the next.
    const page = await harness.attribution.listQuarantine({ pageSize: 4, pageToken })
    seen.push(...page.attributions.map(({ eventId }) => eventId))
    pageToken = page.nextPageToken
  } while (pageToken)
  const expected = quarantined.map(({ reason }) => ingressEvent({ key: reason, source: {} }).envelope.id).toReversed()
  expect(seen).toEqual(expected)
})

test('decisions are listed by company, status, type, provider and time, newest first, each once', async () => {
  const list = async (request: Parameters<typeof harness.attribution.listAttributions>[0]) => {
    const seen: string[] = []
    let pageToken = ''
    do {
      const page = await harness.attribution.listAttributions({ pageSize: 2, ...request, pageToken })
      for (const { eventId, decision } of page.events) seen.push(`${decision?.$case} ${eventId}`)
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    return seen
  }
  const idOf = (key: string) => ingressEvent({ key, source: {} }).envelope.id
  const all = await list({})
  expect(new Set(all).size).toBe(all.length)
  const ofA = await list({ companyId: companies.a })
  expect(ofA).toContain(`attributed ${idOf('plain')}`)
  const ofB = await list({ companyId: companies.b, status: AttributionStatus.ATTRIBUTED })
  expect(ofB).toContain(`attributed ${idOf('acct_e2e')}`)
  expect(ofA.filter((line) => ofB.includes(line))).toEqual([])
  const waiting = await list({ status: AttributionStatus.QUARANTINED })
  expect(waiting).toContain(`quarantined ${idOf('conflict')}`)
  expect([...waiting, ...(await list({ status: AttributionStatus.ATTRIBUTED }))].toSorted()).toEqual(all.toSorted())
  expect(await list({ provider: 'stripe', eventTypes: ['frontdesk.invoice.changed.v1'] })).toEqual([`attributed ${idOf('acct_e2e')}`])
  expect(await list({ decidedFrom: new Date(Date.now() + 60_000) })).toEqual([])
  expect(await list({ decidedUntil: new Date(Date.now() + 60_000) })).toEqual(all)
})

test('a list that can’t be meant is refused by the field’s name, and a company’s token sees none', async () => {
  const refused = [
    ['company_id', { companyId: 'cmp_1' }],
    ['status', { companyId: companies.a, status: AttributionStatus.QUARANTINED }],
    ['event_types', { eventTypes: ['frontdesk.call.sung.v1'] }],
    ['event_types', { eventTypes: Array.from({ length: 33 }, () => 'frontdesk.call.ended.v1') }],
    ['provider', { provider: 'Retell.>' }],
    ['decided_from', { decidedFrom: new Date(-1) }],
    ['decided_until', { decidedFrom: new Date(2), decidedUntil: new Date(2) }],
    ['page_token', { pageToken: '1.x' }],
    ['page_size', { pageSize: 201 }],
  ] as const
  for (const [field, request] of refused) {
    const error: unknown = await harness.attribution
      .listAttributions({ ...request, eventTypes: 'eventTypes' in request ? [...request.eventTypes] : [] })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining(field) })
  }
  const options = { address: `127.0.0.1:${harness.service.rpcPort}`, audience: 'company-resolver', telemetry: harness.telemetry }
  const own = { ...options, issuer: harness.authority.issuer('cli'), companies: [companies.a] }
  await using client = createRpcClient(AttributionServiceDefinition, own)
  await expect(client.listAttributions({ companyId: companies.a })).rejects.toMatchObject({ code: 'permission_denied' })
})

test('a replay of an event that was handled changes nothing, within the broker’s window too', async () => {
  const event = ingressEvent({ key: 'plain', source: {} })
  const before = await harness.operations.getConservation({})
  const replayed = { ...event, subject: bulkSubject(event.subject), stage: 'rpl_01jd00000000000000000000t0' }
  expect(await harness.bus.publish([replayed])).toMatchObject([{ ok: true, duplicate: false }])
  const manager = await harness.bus.manager()
  await eventually(async () => {
    const { num_pending, num_ack_pending, delivered } = await manager.consumers.info('INGRESS', 'company-resolver-bulk')
    expect([num_pending, num_ack_pending, delivered.consumer_seq > 0]).toEqual([0, 0, true])
  })
  expect(await harness.operations.getConservation({})).toEqual(before)
  expect(await publishedAs('COMPANY', event.envelope.id)).toHaveLength(1)
})

test('the first event of a call carries the later ones that say nothing, and no other company can forge them', async () => {
  const { connection } = await harness.directory.createConnection({ companyId: companies.b, provider: 'retell', secret: 'secret-of-b' })
  const call = { entityId: 'call_shared' }
  await publish(ingressEvent({ key: 'start', source: { ...call, evidence: [agent('agent_a')] } }))
  await decisionOf('start')
  await publish(
    ingressEvent({ key: 'later', source: call }),
    ingressEvent({ key: 'forged', source: { ...call, connectionId: connection?.connectionId ?? '' } }),
    ingressEvent({ key: 'claimed', source: { ...call, connectionId: connection?.connectionId ?? '', evidence: [agent('agent_a')] } }),
  )
  expect((await decisionOf('later')).decision).toMatchObject({ value: { companyId: companies.a } })
  expect((await decisionOf('forged')).decision).toMatchObject({ value: { companyId: companies.b } })
  expect((await decisionOf('claimed')).decision).toMatchObject({ value: { reason: QuarantineReason.CONFLICT } })
})

test('a company sees the decisions about its own events, and of other companies nothing', async () => {
  await publish(ingressEvent({ key: 'shared', source: { evidence: [phone('+4930100009'), agent('agent_a')] } }))
  const all = await decisionOf('shared')
  expect(all.candidates).toHaveLength(2)
  const ask = (companyId: CompanyId, key: string) =>
    harness.attribution.getAttribution({ eventId: ingressEvent({ key, source: {} }).envelope.id }, { companies: [companyId] })
  const own = await ask(companies.a, 'shared')
  expect(JSON.stringify({ ...own.attribution, directoryVersion: 0 })).not.toContain(companies.b)
  // As if the number were its own alone: not a number tells of the rival.
  expect(all.waterfall[0]).toMatchObject({ companyIds: [companies.a, companies.b].toSorted(), running: [{}, {}] })
  expect(all.waterfall[0]?.running[0]?.posterior).toBeLessThan(0.5)
  expect(own.attribution?.waterfall[0]).toMatchObject({ companyIds: [companies.a], running: [{ companyId: companies.a }] })
  expect(own.attribution?.waterfall[0]?.running[0]?.posterior).toBeGreaterThan(0.999)
  const [candidate, ...others] = own.attribution?.candidates ?? []
  expect(others).toEqual([])
  expect((candidate?.posterior ?? 0) + (own.attribution?.nonePosterior ?? 0)).toBeCloseTo(1, 12)
  expect(own.attribution?.decision).toMatchObject({ value: { confidence: candidate?.posterior } })
  const refused = await Promise.allSettled([ask(companies.b, 'shared'), ask(companies.a, 'conflict')])
  const isNotFound = (outcome: PromiseSettledResult<unknown>) =>
    outcome.status === 'rejected' && isFrontdeskError(outcome.reason, 'not_found')
  expect(refused.map(isNotFound)).toEqual([true, true])
})

test('events of the bulk lane stay in it', async () => {
  const event = ingressEvent({ key: 'bulk', source: { evidence: [agent('agent_b')] } })
  await publish({ ...event, subject: `bulk.${event.subject}` })
  expect(await publishedAs('COMPANY', event.envelope.id)).toMatchObject([{ subject: `bulk.company.${companies.b}.call.ended` }])
})

test('an event whose source can’t be read becomes a dead letter, and what came with it goes on', async () => {
  const broken = { ...ingressEvent({ key: 'broken', source: {} }), body: Buffer.from('{"source":{}}') }
  await publish(broken, ingressEvent({ key: 'beside', source: { evidence: [agent('agent_a')] } }))
  await decisionOf('beside')
  const letter = await eventually(async () => {
    const { deadLetters } = await harness.operations.listDeadLetters({})
    const found = deadLetters.find(({ eventId }) => eventId === broken.envelope.id)
    if (!found) throw new Error('no dead letter yet')
    return found
  })
  expect(letter).toMatchObject({ handler: 'company-resolver.attribution', attempts: 1 })
})

test('what came in is what was attributed, quarantined and dead', async () => {
  const { counts } = await harness.operations.getConservation({})
  expect(counts).toMatchObject({ attributed: 11n, quarantined: 7n, dead: 1n, handled: 18n })
})

test('it is ready, and its metrics count the decisions', async () => {
  expect((await fetch(`${harness.service.adminUrl}/readyz`)).status).toBe(200)
  const metrics = await (await fetch(`${harness.service.adminUrl}/metrics`)).text()
  expect(metrics.split('\n')).toContain('frontdesk_attributions_total{outcome="attributed"} 11')
})
