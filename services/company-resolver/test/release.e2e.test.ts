import {
  AttributionServiceDefinition,
  bulkSubject,
  type CompanyId,
  EvidenceKind,
  newId,
  QuarantineReason,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { companyTablesOf, openDatabase } from '@frontdesk/database'
import { isFrontdeskError } from '@frontdesk/errors'
import { consumeDurables, createEventHandler } from '@frontdesk/outbox'
import { createRpcClient } from '@frontdesk/rpc'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as schema from '../src/db/schema/index.ts'
import { ingressEvent, startHarness, storedIn } from './harness.ts'

type Harness = Awaited<ReturnType<typeof startHarness>>
type Event = ReturnType<typeof ingressEvent>

let harness: Harness
let handling: AsyncDisposable
/** What a handler behind booking's durables has taken, each as often as it did. */
const handled: { id: string; revision: number; companyId: string | undefined }[] = []
const companies = {} as Record<'a' | 'b' | 'inactive', CompanyId>
const unknownNumber = { kind: EvidenceKind.PHONE_NUMBER, value: '+4930999999' }
const agent = (value: string) => ({ kind: EvidenceKind.VOICE_AGENT, value })

beforeAll(async () => {
  harness = await startHarness()
  for (const name of ['a', 'b', 'inactive'] as const) {
    // Each has its own voice agent.
    const { company } = await harness.directory.createCompany({ name, timeZone: 'UTC' })
    companies[name] = vouchForCompanyId(company?.companyId ?? '')
    await harness.directory.addSignal({ companyId: companies[name], ...agent(`agent_${name}`) })
  }
  await harness.directory.deactivateCompany({ companyId: companies.inactive })
  handling = handleAsBooking(harness)
})
afterAll(async () => {
  await handling[Symbol.asyncDispose]()
  await harness[Symbol.asyncDispose]()
})

/** Booking's durables with an inbox, as each subscriber of ours has them. */
function handleAsBooking({ config, bus, telemetry }: Harness): AsyncDisposable {
  const owned = new AsyncDisposableStack()
  const database = owned.use(openDatabase({ url: config.MYSQL_URL.reveal(), companyTables: companyTablesOf(schema), telemetry }))
  const handler = createEventHandler({
    database,
    outbox: { append: () => Promise.resolve() },
    telemetry,
    name: 'test.booking',
    types: ['frontdesk.call.analyzed.v1'],
    async handle(tx, events) {
      tx.afterCommit(() => handled.push(...events.map(({ envelope: { id, revision, companyId } }) => ({ id, revision, companyId }))))
      return []
    },
  })
  owned.use(consumeDurables({ database, bus, telemetry, service: 'booking', handler }))
  return owned
}

const analyzed = (key: string, options: Partial<Parameters<typeof ingressEvent>[0]> = {}): Event =>
  ingressEvent({ key, type: 'frontdesk.call.analyzed.v1', source: { evidence: [unknownNumber] }, ...options })

async function decided(event: Event) {
  const { id: eventId, revision } = event.envelope
  expect(await harness.bus.publish([event])).toMatchObject([{ ok: true, duplicate: false }])
  return eventually(() => harness.attribution.getAttribution({ eventId, revision }))
}

/** The event, once it stands in the quarantine. */
async function waiting(...given: Parameters<typeof analyzed>): Promise<Event> {
  const event = analyzed(...given)
  expect((await decided(event)).attribution?.decision).toMatchObject({ $case: 'quarantined' })
  return event
}

const release = ({ envelope }: Event, companyId: string, options = {}) =>
  harness.attribution.releaseEvent({ eventId: envelope.id, companyId }, options)

const sentTo = async ({ envelope }: Event) => (await storedIn(harness.bus, 'COMPANY')).filter((sent) => sent.envelope.id === envelope.id)
/** Which companies have been told to give the event back. */
const withdrawnFrom = async ({ envelope }: Event) =>
  (await storedIn(harness.bus, 'COMPANY'))
    .filter((sent) => sent.envelope.type === 'frontdesk.event.withdrawn.v1' && sent.envelope.causationId === envelope.id)
    .map((sent) => sent.envelope.companyId)
const handledOf = ({ envelope }: Event) => handled.filter(({ id }) => id === envelope.id)

/** Until what was committed before is handled: an event released after it is. */
async function caughtUp() {
  const last = await waiting(newId('evt'))
  await release(last, companies.b)
  await eventually(() => expect(handledOf(last)).toHaveLength(1))
}

async function refusal(answer: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isFrontdeskError(error)) throw new Error('it was not refused', { cause: error })
  return { code: error.code, message: error.publicMessage }
}

test('a released event goes to its company as it came, and is handled once', async () => {
  const event = await waiting('plain', { payload: { callId: 'call_plain', odd: '\u00e9' } })
  const before = await harness.operations.getConservation({})
  const answer = await release(event, companies.a, { actor: 'usr_ada' })
  expect(answer).toMatchObject({ alreadyReleased: false })
  await eventually(() => expect(handledOf(event)).toEqual([{ id: event.envelope.id, revision: 1, companyId: companies.a }]))
  const [sent, ...others] = await sentTo(event)
  expect(others).toEqual([])
  expect(sent).toMatchObject({
    subject: `company.${companies.a}.call.analyzed`,
    body: Buffer.from(event.body).toString(),
    envelope: {
      revision: 1,
      type: 'frontdesk.call.analyzed.v1',
      subject: event.envelope.subject,
      time: event.envelope.time,
      companyId: companies.a,
      confidence: 1,
      correlationId: event.envelope.correlationId,
      causationId: event.envelope.id,
    },
  })
  // The broker still knows the id: it stands in both streams.
  const quarantined = (await storedIn(harness.bus, 'QUARANTINE')).filter(({ envelope }) => envelope.id === event.envelope.id)
  expect(quarantined).toHaveLength(1)

  const eventId = event.envelope.id
  const { attribution } = await harness.attribution.getAttribution({ eventId })
  expect(attribution).toEqual(answer.attribution)
  expect(attribution?.decision).toMatchObject({
    $case: 'attributed',
    value: { companyId: companies.a, confidence: 1, release: { releasedBy: 'usr_ada', reason: QuarantineReason.NO_MATCH } },
  })
  const { attributions } = await harness.attribution.listQuarantine({ reason: QuarantineReason.NO_MATCH })
  expect(attributions.map((listed) => listed.eventId)).not.toContain(eventId)
  const { counts } = await harness.operations.getConservation({})
  expect(counts).toMatchObject({
    attributed: (before.counts['attributed'] ?? 0n) + 1n,
    quarantined: (before.counts['quarantined'] ?? 0n) - 1n,
  })
})

test('its company reads that it is its own and not why it had waited, and another one reads nothing', async () => {
  const event = await waiting('own', { source: { evidence: [agent('agent_a'), agent('agent_b')] } })
  await release(event, companies.a)
  const ask = (companyId: CompanyId) => harness.attribution.getAttribution({ eventId: event.envelope.id }, { companies: [companyId] })
  const { attribution } = await ask(companies.a)
  expect(attribution?.decision).toEqual({ $case: 'attributed', value: { companyId: companies.a, confidence: 1, release: undefined } })
  expect(JSON.stringify({ ...attribution, directoryVersion: 0 })).not.toContain(companies.b)
  expect(await refusal(ask(companies.b))).toMatchObject({ code: 'not_found' })
  await caughtUp()
  expect((await sentTo(event)).map(({ subject }) => subject)).toEqual([`company.${companies.a}.call.analyzed`])
})

test('released again, by several at once, it has gone on once', async () => {
  const event = await waiting('again')
  const answers = await Promise.all(Array.from({ length: 8 }, () => release(event, companies.a)))
  expect(answers.filter(({ alreadyReleased }) => !alreadyReleased)).toHaveLength(1)
  const later = await release(event, companies.a, { actor: 'usr_late' })
  expect(later).toEqual({ ...answers[0], alreadyReleased: true })
  await caughtUp()
  expect(await sentTo(event)).toHaveLength(1)
  expect(handledOf(event)).toHaveLength(1)
})

test('of releases to two companies at once one wins, and the other is told who has it', async () => {
  const events = await Promise.all(Array.from({ length: 10 }, (_, index) => waiting(`race-${index}`)))
  await Promise.all(
    events.map(async (event) => {
      const both = [companies.a, companies.b]
      const answers = await Promise.allSettled(both.map((companyId) => release(event, companyId)))
      const winner = both[answers.findIndex(({ status }) => status === 'fulfilled')] ?? ''
      const [lost] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []))
      expect(isFrontdeskError(lost, 'failed_precondition') && lost.publicMessage).toContain(`released to ${winner}`)
      await eventually(() => expect(handledOf(event)).toMatchObject([{ companyId: winner }]))
      expect((await sentTo(event)).map(({ envelope }) => envelope.companyId)).toEqual([winner])
    }),
  )
})

test('only what waits is released, to an active company, by an operator', async () => {
  const event = await waiting('kept')
  const attributed = analyzed('attributed', { source: { evidence: [agent('agent_a')] } })
  await decided(attributed)
  const options = { address: `127.0.0.1:${harness.service.rpcPort}`, audience: 'company-resolver', telemetry: harness.telemetry }
  await using own = createRpcClient(AttributionServiceDefinition, {
    ...options,
    issuer: harness.authority.issuer('cli'),
    companies: [companies.a],
  })
  const eventId = event.envelope.id
  const refusals = [
    [release(attributed, companies.a), 'failed_precondition', `attributed to ${companies.a}`],
    [release(attributed, companies.b), 'failed_precondition', `attributed to ${companies.a}`],
    [release(analyzed('never'), companies.a), 'not_found', 'event'],
    [harness.attribution.releaseEvent({ eventId: 'ab', companyId: companies.a }), 'invalid_argument', 'event_id'],
    [release(event, 'salon'), 'invalid_argument', 'company_id'],
    [release(event, newId('cmp')), 'invalid_argument', 'company_id'],
    [release(event, companies.inactive), 'failed_precondition', 'deactivated'],
    [own.releaseEvent({ eventId, companyId: companies.a }), 'permission_denied', 'all companies'],
  ] as const
  expect(await Promise.all(refusals.map(([answer]) => refusal(answer)))).toEqual(
    refusals.map(([, code, message]) => ({ code, message: expect.stringContaining(message) as string })),
  )
  await caughtUp()
  expect(await sentTo(event)).toEqual([])
  expect((await harness.attribution.getAttribution({ eventId })).attribution?.decision?.$case).toBe('quarantined')
  expect(await sentTo(attributed)).toHaveLength(1)
})

test('a revision that waits goes to the company that has the earlier one, which so gives nothing back', async () => {
  await decided(analyzed('revised', { source: { evidence: [agent('agent_a')] } }))
  const second = await waiting('revised', { revision: 2, source: { entityId: 'call_renamed', evidence: [unknownNumber] } })
  await release(second, companies.a)
  await eventually(() =>
    expect(
      handledOf(second)
        .map(({ revision }) => revision)
        .toSorted(),
    ).toEqual([1, 2]),
  )
  expect((await sentTo(second)).map(({ envelope }) => envelope.companyId)).toEqual([companies.a, companies.a])
  expect(await withdrawnFrom(second)).toEqual([])
})

test('what else comes of a released call goes to its company', async () => {
  await release(await waiting('first', { source: { entityId: 'call_followed', evidence: [unknownNumber] } }), companies.b)
  const next = await decided(analyzed('next', { source: { entityId: 'call_followed' } }))
  expect(next.attribution?.decision).toMatchObject({ $case: 'attributed', value: { companyId: companies.b } })
})

test('what waits in the bulk lane is released into it', async () => {
  const event = analyzed('bulk')
  await decided({ ...event, subject: bulkSubject(event.subject) })
  await release(event, companies.a)
  await eventually(() => expect(handledOf(event)).toHaveLength(1))
  expect((await sentTo(event)).map(({ subject }) => subject)).toEqual([`bulk.company.${companies.a}.call.analyzed`])
})
