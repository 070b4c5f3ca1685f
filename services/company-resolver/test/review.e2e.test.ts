import { EvidenceKind, newId, QuarantineReason } from '@frontdesk/contracts'
import { eventually } from '@frontdesk/testing'
import { afterAll, expect, test } from 'vitest'
import { agent, anEvent, type IngressEvent, refusal, revised, startTwoCompanies, waitsFor, wentTo } from './two-companies.ts'
import { ingressEvent } from './harness.ts'

let numbers = 0
/** A number that nobody has. */
const aNumber = () => ({ kind: EvidenceKind.PHONE_NUMBER, value: `+4930${5_000_000 + ++numbers}` })

const { harness, companies, decided, told, eventuallyTold } = await startTwoCompanies()
afterAll(() => harness[Symbol.asyncDispose]())

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
  const of = (event: IngressEvent, entityId: string) =>
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
  // It carries nothing of its call any more.
  const sameCall = anEvent([], { source: { entityId: toNobody.envelope.subject } })
  expect(await decided(sameCall)).toMatchObject(waitsFor(QuarantineReason.NO_MATCH))
  await eventually(async () =>
    expect((await told(toB)).toSorted()).toEqual(
      [`${companies.a} gives back below 2`, `${companies.a} has 1`, `${companies.b} has 2`].toSorted(),
    ),
  )
  await eventuallyTold(toA, [`${companies.a} has 1`, `${companies.a} has 2`])
  await eventuallyTold(toNobody, [`${companies.a} has 1`, `${companies.a} gives back below 2`])
})

test('a decision comes with the rule that made it, and its numbers', async () => {
  const ruleOf = async (event: IngressEvent) => {
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
