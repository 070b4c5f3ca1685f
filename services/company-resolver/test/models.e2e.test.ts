import { type CompanyId, deriveEventId, EvidenceKind, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDrawn } from '../src/domain/audit.ts'
import { startCompanyResolver } from '../src/service.ts'
import { clientsOf, ingressEvent, startHarness } from './harness.ts'

type Event = ReturnType<typeof ingressEvent>

let harness: Awaited<ReturnType<typeof startHarness>>
const companies = {} as Record<'a' | 'b', CompanyId>
const agent = { kind: EvidenceKind.VOICE_AGENT, value: 'agent_a' }
/** What we would have written into an object ourselves. */
const metadata = (company: 'a' | 'b') => ({ kind: EvidenceKind.METADATA, value: companies[company] })

beforeAll(async () => {
  harness = await startHarness()
  for (const name of ['a', 'b'] as const) {
    // Their ids are their metadata.
    const { company } = await harness.directory.createCompany({ name, timeZone: 'UTC' })
    companies[name] = vouchForCompanyId(company?.companyId ?? '')
  }
  await harness.directory.addSignal({ companyId: companies.a, ...agent })
})
afterAll(() => harness[Symbol.asyncDispose]())

const anEvent = (evidence: { kind: EvidenceKind; value: string }[], key: string = newId('evt')) =>
  ingressEvent({ key, type: 'frontdesk.call.analyzed.v1', source: { evidence, entityId: `call_${key}` } })

let keys = 0
/** Events on which the lot falls, so that a person looks at them. */
function drawn(count: number, evidence: Parameters<typeof anEvent>[0]): Event[] {
  return Array.from({ length: count }, () => {
    let key: string
    do key = `key-${++keys}`
    while (!isDrawn(deriveEventId(['test', key])))
    return anEvent(evidence, key)
  })
}

async function decideAll(events: readonly Event[]) {
  for (const outcome of await harness.bus.publish([...events])) expect(outcome).toMatchObject({ ok: true })
  for (const { envelope } of events) await eventually(() => harness.attribution.getAttribution({ eventId: envelope.id }))
}
async function decided(event: Event) {
  await decideAll([event])
  return explained(event)
}
const explained = async ({ envelope }: Event) => (await harness.attribution.getAttribution({ eventId: envelope.id })).attribution
const wentTo = (companyId: string) => ({ decision: { $case: 'attributed', value: { companyId } } })
const waits = { decision: { $case: 'quarantined' } }
const refusal = (answer: Promise<unknown>) =>
  answer.then(
    () => 'answered',
    (error: unknown) => (isFrontdeskError(error) ? error.code : error),
  )

/** What persons found out by looking: metadata alone was wrong each time, the agent always right, and unknown numbers are strangers'. */
async function reviewAll() {
  const wrong = drawn(120, [metadata('b')])
  const right = [...drawn(60, [agent]), ...drawn(60, [metadata('a'), agent])]
  const strangers = Array.from({ length: 280 }, (_, index) =>
    anEvent([{ kind: EvidenceKind.PHONE_NUMBER, value: `+4930${6_000_000 + index}` }]),
  )
  const unlooked = Array.from({ length: 2_500 }, () => anEvent([agent]))
  await decideAll([...wrong, ...right, ...strangers, ...unlooked])
  const ids = (events: readonly Event[]) => events.map(({ envelope }) => envelope.id)
  // In turn, as people come to them.
  const acts = [
    ...ids([...wrong, ...right]).map((eventId) => () => harness.attribution.reviewAttribution({ eventId, companyId: companies.a })),
    ...ids(strangers).map((eventId) => () => harness.attribution.discardEvent({ eventId, note: 'a wrong number' })),
  ].map((act, index) => ({ act, turn: (index * 7_919) % 520 }))
  for (const { act } of acts.toSorted((a, b) => a.turn - b.turn)) await act()
  return { wrong, right }
}

test('before there are 500 labels nothing is fitted, and the shipped model is kept and in force', async () => {
  expect(await harness.models.refitModel({})).toMatchObject({
    labels: 0,
    labelsNeeded: 500,
    activated: false,
    objection: '0 of 500 labels',
  })
  const { models, versionInForce, activations } = await harness.models.listModels({})
  expect([models.map(({ version }) => version), versionInForce, activations]).toEqual([['shipped-4'], 'shipped-4', []])
  const { model, inForce } = await harness.models.getModel({})
  expect(inForce).toBe(true)
  expect(model).toMatchObject({ version: 'shipped-4', parameters: { minConfidence: 0.95, companies: 1 } })
  expect(await refusal(harness.models.getModel({ version: 'fitted-1' }))).toBe('not_found')
  expect(await refusal(harness.models.activateModel({ version: 'fitted-1' }))).toBe('not_found')
})

test('what persons found out is learnt by itself, counts on every replica at once, explains itself, and can be rolled back', async () => {
  const { wrong, right } = await reviewAll()
  const before = await decided(anEvent([metadata('b')]))
  expect(before).toMatchObject({ ...wentTo(companies.b), modelVersion: 'shipped-4', rule: { minConfidence: 0.95 } })

  const dry = await harness.models.refitModel({ dryRun: true })
  expect(dry).toMatchObject({ labels: 520, activated: true, objection: '' })
  expect(dry.model).toMatchObject({ version: 'fitted-1', fit: { labels: 520, audits: 240, trial: { against: 'shipped-4', labels: 520 } } })
  expect(dry.model?.fit?.trial?.logLossFitted).toBeLessThan(dry.model?.fit?.trial?.logLossInForce ?? 0)
  expect((await harness.models.listModels({})).models).toHaveLength(1)
  expect(await decided(anEvent([metadata('b')]))).toMatchObject({ modelVersion: 'shipped-4' })

  // A replica that starts finds that it is time.
  await using second = await startCompanyResolver(harness.config)
  await eventually(async () => expect((await harness.models.listModels({})).versionInForce).toBe('fitted-1'), { timeoutMs: 15_000 })
  const fitted = await harness.models.getModel({})
  expect(fitted.model).toMatchObject({
    version: 'fitted-1',
    createdBy: 'company-resolver',
    fit: { labels: 520, audits: 240, objection: '' },
  })
  expect(fitted.model?.parameters?.kinds).toEqual(dry.model?.parameters?.kinds)
  // What may be long is left out of what comes of a fit.
  expect([dry.model?.parameters?.calibration, dry.model?.parameters?.doubts]).toEqual([{}, {}])
  expect(Object.keys(fitted.model?.parameters?.calibration ?? {})).not.toEqual([])
  expect(fitted.activations).toMatchObject([{ previousVersion: 'shipped-4', activatedBy: 'company-resolver', chosen: false }])

  const tau = fitted.model?.parameters?.minConfidence
  expect(tau).toBeGreaterThanOrEqual(0.998)
  const asked = async (rpcPort: number) => {
    const ingress = clientsOf(rpcPort, harness.authority.issuer('webhook-ingress'), harness.telemetry)
    await using stack = new AsyncDisposableStack()
    for (const client of Object.values(ingress)) stack.use(client)
    return (await ingress.attribution.resolveCompany({ provider: 'retell', evidence: [metadata('b')] })).decision?.$case
  }
  const replicas = [harness.service.rpcPort, second.rpcPort]
  expect(await Promise.all(replicas.map(asked))).toEqual(['unresolved', 'unresolved'])
  expect(await decided(anEvent([metadata('b')]))).toMatchObject({ ...waits, modelVersion: 'fitted-1', rule: { minConfidence: tau } })
  // Enough of them for both to take some.
  const more = Array.from({ length: 200 }, () => anEvent([agent]))
  await decideAll(more)
  for (const event of more) expect(await explained(event)).toMatchObject({ ...wentTo(companies.a), modelVersion: 'fitted-1' })

  // What the shipped model decided is explained by it.
  const [old] = wrong
  expect(old && (await explained(old))).toMatchObject({
    modelVersion: 'shipped-4',
    rule: { minConfidence: 0.95, summary: expect.stringContaining('τ = 0.95') as string },
  })
  const own = harness.clientsWith({
    issue: (request) => harness.authority.issuer('operator').issue({ ...request, companies: [companies.a] }),
  })
  const [seen] = right
  const ownSeen = await own.attribution.getAttribution({ eventId: seen?.envelope.id ?? '' })
  expect(ownSeen.attribution).toMatchObject({ modelVersion: 'shipped-4', waterfall: [{ weight: expect.closeTo(9.18, 1) as number }] })

  // A plan decides by the fitted model too: what went to the wrong company by its metadata alone would wait.
  const window = { decidedFrom: new Date(0), decidedUntil: new Date(Date.now() + 60_000) }
  const { changes } = await harness.attribution.planReattribution({ ...window, companyId: companies.b })
  expect(changes.filter(({ decision }) => decision?.$case === 'quarantined').map(({ eventId }) => eventId)).toContain(before?.eventId)

  const back = (actor: string) => harness.models.activateModel({ version: 'shipped-4' }, { actor })
  expect(await back('usr_ada')).toEqual({ alreadyInForce: false })
  expect(await back('usr_bob')).toEqual({ alreadyInForce: true })
  expect(await Promise.all(replicas.map(asked))).toEqual(['resolved', 'resolved'])
  expect(await decided(anEvent([metadata('b')]))).toMatchObject({ ...wentTo(companies.b), modelVersion: 'shipped-4' })
  expect((await harness.models.listModels({})).activations).toMatchObject([
    { version: 'shipped-4', previousVersion: 'fitted-1', activatedBy: 'usr_ada', chosen: true },
    { version: 'fitted-1' },
  ])
  const [first] = more
  expect(first && (await explained(first))).toMatchObject({ modelVersion: 'fitted-1', rule: { minConfidence: tau } })

  // By hand, on the same labels, it goes on from there; once more there is nothing to learn.
  expect(await harness.models.refitModel({}, { actor: 'usr_ada' })).toMatchObject({ activated: true, model: { version: 'fitted-2' } })
  expect(await harness.models.refitModel({})).toMatchObject({ activated: false, objection: 'fitted-2 was fitted on every label' })

  // Nothing is to be released after a fit, but a choice is.
  expect(await harness.models.activateModel({ automatic: true })).toEqual({ alreadyInForce: true })
  expect(await harness.models.activateModel({ version: 'fitted-2' })).toEqual({ alreadyInForce: false })
  expect(await harness.models.activateModel({ automatic: true }, { actor: 'usr_eve' })).toEqual({ alreadyInForce: false })
  const { versionInForce, activations } = await harness.models.listModels({})
  expect([versionInForce, activations[0]]).toMatchObject(['fitted-2', { activatedBy: 'usr_eve', chosen: false, released: true }])
  for (const neither of [{}, { version: 'fitted-2', automatic: true }]) {
    expect(await refusal(harness.models.activateModel(neither))).toBe('invalid_argument')
  }
}, 120_000)

test('no service fits or chooses a model, and no company sees one', async () => {
  const ofOneCompany = harness.authority.issuer('cli')
  const clients = [
    harness.clientsWith(harness.authority.issuer('booking')),
    harness.clientsWith({ issue: (request) => ofOneCompany.issue({ ...request, companies: [companies.a] }) }),
  ]
  for (const { models } of clients) {
    const answers = [models.listModels({}), models.getModel({}), models.refitModel({}), models.activateModel({ version: 'shipped-4' })]
    expect(await Promise.all(answers.map(refusal))).toEqual(answers.map(() => 'permission_denied'))
  }
})
