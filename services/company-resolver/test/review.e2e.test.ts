import { type CompanyId, decodePayload, EvidenceKind, newId, QuarantineReason, vouchForCompanyId } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDrawn } from '../src/domain/audit.ts'
import { ingressEvent, startHarness, storedIn } from './harness.ts'

type Harness = Awaited<ReturnType<typeof startHarness>>
type Event = ReturnType<typeof ingressEvent>

let harness: Harness
const companies = {} as Record<'a' | 'b', CompanyId>
const agent = (value: string) => ({ kind: EvidenceKind.VOICE_AGENT, value })
let numbers = 0
/** A number that nobody has. */
const aNumber = () => ({ kind: EvidenceKind.PHONE_NUMBER, value: `+4930${5_000_000 + ++numbers}` })

beforeAll(async () => {
  harness = await startHarness()
  for (const name of ['a', 'b'] as const) {
    // Each has its own voice agent.
    const { company } = await harness.directory.createCompany({ name, timeZone: 'UTC' })
    companies[name] = vouchForCompanyId(company?.companyId ?? '')
    await harness.directory.addSignal({ companyId: companies[name], ...agent(`agent_${name}`) })
  }
})
afterAll(() => harness[Symbol.asyncDispose]())

const anEvent = (evidence: { kind: EvidenceKind; value: string }[], options: Partial<Parameters<typeof ingressEvent>[0]> = {}): Event => {
  const key = options.key ?? newId('evt')
  return ingressEvent({
    type: 'frontdesk.call.analyzed.v1',
    ...options,
    key,
    source: { evidence, entityId: `call_${key}`, ...options.source },
  })
}
/** The event's next revision, as the ingress reprocesses it. */
const revised = (event: Event, revision: number): Event => ({ ...event, envelope: { ...event.envelope, revision } })

async function decided(event: Event) {
  const { id: eventId, revision } = event.envelope
  expect(await harness.bus.publish([event])).toMatchObject([{ ok: true }])
  const { attribution } = await eventually(() => harness.attribution.getAttribution({ eventId, revision }))
  return attribution?.decision
}
const wentTo = (companyId: string) => ({ $case: 'attributed', value: { companyId } })
const waitsFor = (reason: QuarantineReason) => ({ $case: 'quarantined', value: { reason } })

/** Where the event was sent and taken back, in the order of the stream. */
async function told({ envelope }: Event) {
  const stored = await storedIn(harness.bus, 'COMPANY')
  return stored.flatMap(({ envelope: sent, body }) => {
    if (sent.id === envelope.id) return [`${sent.companyId} has ${sent.revision}`]
    if (sent.causationId !== envelope.id || sent.type !== 'frontdesk.event.withdrawn.v1') return []
    return [`${sent.companyId} gives back below ${decodePayload('frontdesk.event.withdrawn.v1', Buffer.from(body)).beforeRevision}`]
  })
}
const eventuallyTold = (event: Event, expected: string[]) => eventually(async () => expect(await told(event)).toEqual(expected))

async function refusal(answer: Promise<unknown>): Promise<string> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isFrontdeskError(error)) throw new Error('it was not refused', { cause: error })
  return error.publicMessage
}

test('a missing number that is added with a release decides its siblings, which then go on in one command', async () => {
  const number = aNumber()
  const [first, second, third] = [anEvent([number]), anEvent([number]), anEvent([number, agent('agent_a'), agent('agent_b')])]
  for (const event of [first, second, third]) expect(await decided(event)).toMatchObject({ $case: 'quarantined' })
  const given = { eventId: first.envelope.id, companyId: companies.a, addSignal: { evidence: number } }
  expect(await harness.attribution.releaseEvent(given)).toMatchObject({ alreadyReleased: false, siblings: 1 })
  expect(await harness.attribution.releaseEvent(given)).toMatchObject({ alreadyReleased: true })
  const { signals } = await harness.directory.listSignals({ companyId: companies.a })
  expect(signals.filter(({ value }) => value === number.value)).toHaveLength(1)

  const ask = (dryRun: boolean) => harness.attribution.releaseSiblings({ signal: number, dryRun })
  const sibling = { event: { eventId: second.envelope.id }, companyId: companies.a, released: false }
  expect((await ask(true)).siblings).toMatchObject([sibling])
  expect(await told(second)).toEqual([])
  expect((await ask(false)).siblings).toMatchObject([{ ...sibling, released: true }])
  expect((await ask(false)).siblings).toEqual([])
  await eventuallyTold(first, [`${companies.a} has 1`])
  await eventuallyTold(second, [`${companies.a} has 1`])
  // Its agents are two companies': that is for a person.
  expect((await harness.attribution.getAttribution({ eventId: third.envelope.id })).attribution?.decision?.$case).toBe('quarantined')
  // The number is known from now on.
  expect(await decided(anEvent([number]))).toMatchObject(wentTo(companies.a))
})

test('a signal that was not missing is not added, nor is the event released', async () => {
  const number = aNumber()
  const event = anEvent([number, agent('agent_a')], {
    source: { receivedAt: new Date('2026-11-20T10:00:00Z'), entityStartedAt: new Date('2026-11-20T10:00:00Z') },
  })
  await harness.directory.addSignal({ companyId: companies.b, ...number })
  expect(await decided(event)).toMatchObject(waitsFor(QuarantineReason.CONFLICT))
  const add = (evidence: { kind: EvidenceKind; value: string }, validFrom?: Date) =>
    harness.attribution.releaseEvent({ eventId: event.envelope.id, companyId: companies.a, addSignal: { evidence, validFrom } })
  expect(await refusal(add(aNumber()))).toContain('does not carry it')
  expect(await refusal(add(agent('agent_a')))).toContain('had it when the event was decided')
  expect(await refusal(add(number, new Date('2026-11-21T00:00:00Z')))).toContain('before it is valid')
  expect((await harness.attribution.getAttribution({ eventId: event.envelope.id })).attribution?.decision?.$case).toBe('quarantined')
  expect((await harness.directory.listSignals({ companyId: companies.a })).signals.map(({ value }) => value)).not.toContain(number.value)
})

test('a discarded event waits no more, is discarded once, and a person may still change his mind', async () => {
  const event = anEvent([aNumber()])
  await decided(event)
  const { id: eventId } = event.envelope
  const discard = (actor: string) => harness.attribution.discardEvent({ eventId, note: 'a test call' }, { actor })
  const first = await discard('usr_ada')
  expect(first).toMatchObject({ alreadyDiscarded: false })
  expect(await discard('usr_bob')).toEqual({ ...first, alreadyDiscarded: true })
  expect((await harness.attribution.getAttribution({ eventId })).attribution?.decision).toMatchObject({
    $case: 'quarantined',
    value: { reason: QuarantineReason.NO_MATCH, discard: { discardedBy: 'usr_ada', note: 'a test call' } },
  })
  const listed = async () => (await harness.attribution.listQuarantine({})).attributions.map((each) => each.eventId)
  expect(await listed()).not.toContain(eventId)
  expect(await told(event)).toEqual([])
  await harness.attribution.releaseEvent({ eventId, companyId: companies.a })
  await eventuallyTold(event, [`${companies.a} has 1`])
  expect(await refusal(discard('usr_ada'))).toContain(`released to ${companies.a}`)
})

test('an event of a company that has ended is discarded, and its label says whose it was', async () => {
  const event = anEvent([aNumber()])
  await decided(event)
  const { id: eventId } = event.envelope
  const { company } = await harness.directory.createCompany({ name: 'Ended', timeZone: 'UTC' })
  const companyId = company?.companyId ?? ''
  const discard = (of: string) => harness.attribution.discardEvent({ eventId, companyId: of, note: '' })
  expect(await refusal(discard(companyId))).toContain('The company is active: release the event to it.')
  expect(await refusal(discard(newId('cmp')))).toContain('there is no such company')
  await harness.directory.deactivateCompany({ companyId })
  expect(await discard(companyId)).toMatchObject({ alreadyDiscarded: false, attribution: { decision: { $case: 'quarantined' } } })
  expect(await told(event)).toEqual([])
  const { labels } = await harness.attribution.listLabels({ pageSize: 200 })
  expect(labels.find(({ attribution }) => attribution?.eventId === eventId)).toMatchObject({ companyId, propensity: 1 })
})

test('a release holds for the event’s later revisions, whatever they are weighed to be', async () => {
  const event = anEvent([agent('agent_a'), agent('agent_b')])
  expect(await decided(event)).toMatchObject(waitsFor(QuarantineReason.CONFLICT))
  await harness.attribution.releaseEvent({ eventId: event.envelope.id, companyId: companies.b }, { actor: 'usr_ada' })
  expect(await decided(revised(event, 2))).toMatchObject({
    $case: 'attributed',
    value: { companyId: companies.b, confidence: 1, release: { releasedBy: 'usr_ada', reason: QuarantineReason.CONFLICT } },
  })
  await eventuallyTold(
    event,
    [1, 2].map((revision) => `${companies.b} has ${revision}`),
  )
})

test('a number that was the wrong company’s: the plan says what would change and why, and the next revision goes to the right one', async () => {
  const number = aNumber()
  const { signal } = await harness.directory.addSignal({ companyId: companies.a, ...number })
  const [call, silent, other] = [anEvent([number]), anEvent([]), anEvent([agent('agent_a')])]
  const of = (event: Event, entityId: string) =>
    ingressEvent({
      key: event.envelope.id,
      type: 'frontdesk.call.analyzed.v1',
      source: { entityId, evidence: event === call ? [number] : [] },
    })
  const [first, follower] = [of(call, 'call_ported'), of(silent, 'call_ported')]
  const from = new Date()
  for (const event of [first, follower, other]) expect(await decided(event)).toMatchObject(wentTo(companies.a))
  const plan = async (companyId = '') => {
    const window = { decidedFrom: from, decidedUntil: new Date(Date.now() + 60_000) }
    const { changes } = await harness.attribution.planReattribution({ ...window, companyId })
    return changes
  }
  expect(await plan()).toEqual([])

  const longAgo = new Date('2026-01-01T00:00:00Z')
  await harness.directory.endSignal({ companyId: companies.a, signalId: signal?.signalId ?? '', validUntil: longAgo })
  await harness.directory.addSignal({ companyId: companies.b, ...number, validFrom: longAgo })
  const changes = await plan()
  expect(changes).toMatchObject([
    {
      eventId: first.envelope.id,
      revision: 1,
      companyId: companies.a,
      decision: wentTo(companies.b),
      modelVersionBefore: 'shipped-4',
      modelVersionNow: 'shipped-4',
      changedEvidence: [{ evidence: number, companyIdsBefore: [companies.a], companyIdsNow: [companies.b] }],
    },
    { eventId: follower.envelope.id, companyId: companies.a, decision: wentTo(companies.b) },
  ])
  expect(await plan(companies.b)).toEqual([])
  expect(await told(first)).toEqual([`${companies.a} has 1`])

  for (const event of [first, follower]) expect(await decided(revised(event, 2))).toMatchObject(wentTo(companies.b))
  const moved = [`${companies.a} has 1`, `${companies.b} has 2`, `${companies.a} gives back below 2`]
  await eventuallyTold(first, moved)
  await eventuallyTold(follower, moved)
  expect(await plan()).toEqual([])
})

test('a call from before its number was ported goes to the old company, one from after it to the new, whenever they arrive', async () => {
  const number = aNumber()
  const ported = Date.now() - 30 * 60_000
  const { signal } = await harness.directory.addSignal({ companyId: companies.a, ...number })
  await harness.directory.endSignal({ companyId: companies.a, signalId: signal?.signalId ?? '', validUntil: new Date(ported) })
  await harness.directory.addSignal({ companyId: companies.b, ...number, validFrom: new Date(ported) })
  const callAt = (at: number) => anEvent([number], { source: { entityStartedAt: new Date(at) } })
  expect(await decided(callAt(ported))).toMatchObject(wentTo(companies.b))
  expect(await decided(callAt(ported - 1))).toMatchObject(wentTo(companies.a))
})

test('what a later revision leaves in doubt is taken from nobody until a person has decided', async () => {
  const number = aNumber()
  await harness.directory.addSignal({ companyId: companies.a, ...number })
  const doubtful = async () => {
    const event = anEvent([number])
    await decided(event)
    return event
  }
  const [toB, toA, toNobody] = [await doubtful(), await doubtful(), await doubtful()]
  await harness.directory.addSignal({ companyId: companies.b, ...number })
  for (const event of [toB, toA, toNobody]) {
    expect(await decided(revised(event, 2))).toMatchObject(waitsFor(QuarantineReason.AMBIGUOUS))
    expect(await told(event)).toEqual([`${companies.a} has 1`])
  }
  await harness.attribution.releaseEvent({ eventId: toB.envelope.id, companyId: companies.b })
  await harness.attribution.releaseEvent({ eventId: toA.envelope.id, companyId: companies.a })
  await harness.attribution.discardEvent({ eventId: toNobody.envelope.id, note: '' })
  await eventually(async () =>
    expect((await told(toB)).toSorted()).toEqual(
      [`${companies.a} gives back below 2`, `${companies.a} has 1`, `${companies.b} has 2`].toSorted(),
    ),
  )
  await eventuallyTold(toA, [`${companies.a} has 1`, `${companies.a} has 2`])
  await eventuallyTold(toNobody, [`${companies.a} has 1`, `${companies.a} gives back below 2`])
})

test('of attributed events the lot draws some, a person confirms or corrects them, and his word is a label with its chance', async () => {
  const events = Array.from({ length: 2_500 }, (_, index) => anEvent([agent('agent_a')], { key: `lot-${index}` }))
  const drawn = events.filter(({ envelope }) => isDrawn(envelope.id))
  const [confirmed, corrected, strangers] = drawn
  if (!confirmed || !corrected || !strangers) throw new Error('the lot fell on fewer than three')
  for (const event of [...drawn, ...events.filter((one) => !drawn.includes(one)).slice(0, 5)]) await decided(event)
  const waiting = async () => (await harness.attribution.listAudits({})).attributions.map(({ eventId }) => eventId)
  expect(await waiting()).toEqual(expect.arrayContaining(drawn.map(({ envelope }) => envelope.id)))

  const review = ({ envelope }: Event, companyId: string) => harness.attribution.reviewAttribution({ eventId: envelope.id, companyId })
  expect(await review(confirmed, companies.a)).toMatchObject({ corrected: false })
  expect(await review(corrected, companies.b)).toMatchObject({ corrected: true })
  expect(await waiting()).not.toContain(confirmed.envelope.id)
  expect(await decided(revised(corrected, 2))).toMatchObject(wentTo(companies.b))
  await eventuallyTold(corrected, [`${companies.a} has 1`, `${companies.b} has 2`, `${companies.a} gives back below 2`])

  const toNobody = { eventId: strangers.envelope.id, nobodys: true, note: 'a stranger’s agent' }
  await expect(harness.attribution.reviewAttribution({ ...toNobody, companyId: companies.b })).rejects.toThrow('leave it empty')
  expect(await harness.attribution.reviewAttribution(toNobody)).toMatchObject({ corrected: true })
  expect(await decided(revised(strangers, 2))).toMatchObject({
    $case: 'quarantined',
    value: { reason: QuarantineReason.NO_MATCH, discard: { note: 'a stranger’s agent' } },
  })
  await eventuallyTold(strangers, [`${companies.a} has 1`, `${companies.a} gives back below 2`])
  expect(await waiting()).not.toContain(strangers.envelope.id)
  // It is given back once, whatever comes; and goes out again as a new revision alone, which nobody takes for the withdrawn one.
  await decided(revised(strangers, 3))
  const { id: strangersId } = strangers.envelope
  const { attribution: discarded } = await harness.attribution.getAttribution({ eventId: strangersId })
  expect(discarded?.decision).toMatchObject({ $case: 'quarantined', value: { discard: { note: 'a stranger’s agent' } } })
  expect(await refusal(harness.attribution.reviewAttribution(toNobody))).toContain('nobody’s already')
  expect(await refusal(harness.attribution.releaseEvent({ eventId: strangersId, companyId: companies.a }))).toContain('audits correct')
  // Nor does it speak for A where nothing else is said of its call.
  const sameCall = anEvent([], { source: { entityId: strangers.envelope.subject } })
  expect(await decided(sameCall)).toMatchObject(waitsFor(QuarantineReason.NO_MATCH))

  expect(await review(strangers, companies.a)).toMatchObject({ corrected: true })
  expect(await decided(revised(strangers, 4))).toMatchObject({
    $case: 'attributed',
    value: { companyId: companies.a, release: { reason: QuarantineReason.UNSPECIFIED } },
  })
  await eventuallyTold(strangers, [`${companies.a} has 1`, `${companies.a} gives back below 2`, `${companies.a} has 4`])

  const notDrawn = events.find(({ envelope }) => !isDrawn(envelope.id)) ?? confirmed
  await decided(notDrawn).catch(() => undefined)
  await review(notDrawn, companies.a)
  const { labels } = await harness.attribution.listLabels({ pageSize: 200 })
  const labelOf = ({ envelope }: Event) => labels.find(({ attribution }) => attribution?.eventId === envelope.id)
  expect(labelOf(confirmed)).toMatchObject({
    companyId: companies.a,
    propensity: 0.002,
    attribution: { modelVersion: expect.any(String) as string },
  })
  expect(labelOf(corrected)).toMatchObject({ companyId: companies.b, propensity: 0.002, attribution: { revision: 1 } })
  const ofStrangers = labels.filter(({ attribution }) => attribution?.eventId === strangersId)
  expect(ofStrangers).toMatchObject([
    { companyId: '', propensity: 0.002, attribution: { revision: 1 } },
    { companyId: companies.a, propensity: 0.002, attribution: { revision: 3 } },
  ])
  expect(labelOf(notDrawn)).toBeUndefined()
})

test('a decision comes with the rule that made it, and its numbers', async () => {
  const ruleOf = async (event: Event) => {
    await decided(event)
    return (await harness.attribution.getAttribution({ eventId: event.envelope.id })).attribution?.rule
  }
  expect(await ruleOf(anEvent([agent('agent_a')]))).toMatchObject({
    summary: expect.stringMatching(/^confidence (?:0|>0)\.\d+ ≥ τ = 0\.95, margin/) as string,
    vetoes: [],
  })
  expect(await ruleOf(anEvent([agent('agent_a'), agent('agent_b')]))).toMatchObject({
    summary: expect.stringContaining('veto: trusted signals name no company in common') as string,
  })
})
