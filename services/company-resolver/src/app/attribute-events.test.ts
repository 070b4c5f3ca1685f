import { expect, test } from 'vitest'
import type { Attribution, ProviderEvent } from '../domain/attribute.ts'
import { entityKey } from '../domain/entity.ts'
import { evidenceKey } from '../domain/evidence.ts'
import { shippedModel } from '../domain/model.ts'
import { attributeEvents, decideAll } from './attribute-events.ts'
import type { LookedUp } from './ports.ts'

const agent = { kind: 'voice_agent', value: 'agent_a' } as const
const entityOf = (scope: string) => ({ provider: 'retell', scope, type: 'call', id: 'call_1' })
const anEvent = (overrides: Partial<ProviderEvent>): ProviderEvent => ({
  eventId: '0'.repeat(64),
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  provider: 'retell',
  entity: entityOf('platform'),
  entityStartedAt: undefined,
  receivedAt: new Date('2026-11-22T12:00:00Z'),
  evidence: [],
  schemaViolations: [],
  source: {},
  ...overrides,
})

const firstOf = (companyId: string, eventId = '1'.repeat(64)) => new Map([[entityKey(entityOf('platform')), { companyId, eventId }]])

async function attributeAll(events: ProviderEvent[], looked: Partial<LookedUp> = {}) {
  const recorded: Attribution[] = []
  const signals = new Map([[evidenceKey(agent), [{ ...agent, companyId: 'A', validFrom: undefined, validUntil: undefined }]]])
  const known = { directoryVersion: 1n, signals, deactivations: new Map() }
  const ledger = {
    lookUp: async () => ({ model: shippedModel, known, entities: new Map(), held: new Map(), sent: new Map(), ...looked }),
    record: async (attributions: readonly Attribution[]) => void recorded.push(...attributions),
  }
  const decided = await attributeEvents({ ledger })(events)
  expect(recorded).toEqual(decided)
  return decided.map(({ decision }) => (decision.kind === 'attributed' ? decision.companyId : decision.reason))
}

test('what the first event of a batch says of its entity carries the next one', async () => {
  const other = { eventId: '1'.repeat(64) }
  expect(await attributeAll([anEvent({ evidence: [agent] }), anEvent(other)])).toEqual(['A', 'A'])
  expect(await attributeAll([anEvent(other), anEvent({ evidence: [agent] })])).toEqual(['no_match', 'A'])
})

test('an entity of the same id under another secret is another entity', async () => {
  expect(await attributeAll([anEvent({ evidence: [agent] }), anEvent({ entity: entityOf('con_x') })])).toEqual(['A', 'no_match'])
})

test('an event that names no entity is carried by none', async () => {
  expect(await attributeAll([anEvent({ entity: undefined })], { entities: firstOf('A') })).toEqual(['no_match'])
})

test('an event is no evidence for itself: a later revision of a call’s first event does not follow where that went', async () => {
  expect(await attributeAll([anEvent({ revision: 2 })], { entities: firstOf('B', anEvent({}).eventId) })).toEqual(['no_match'])
  expect(await attributeAll([anEvent({ revision: 2 })], { entities: firstOf('B') })).toEqual(['B'])
})

const release = { by: 'usr_ada', at: new Date('2026-11-22T13:00:00Z'), from: 'ambiguous' } as const
const heldBy = (companyId: string, deactivatedAt?: Date) => new Map([[anEvent({}).eventId, { companyId, release, deactivatedAt }]])

test('what a person decided holds for later revisions, whatever they are weighed to be, until the company’s end', async () => {
  const later = anEvent({ revision: 2, evidence: [agent] })
  expect(await attributeAll([later], { held: heldBy('B') })).toEqual(['B'])
  expect(await attributeAll([later], { held: heldBy('B', later.receivedAt) })).toEqual(['inactive_company'])
  expect(await attributeAll([later])).toEqual(['A'])
})

test('a revision that goes to another company takes the event from the one that had it, and one that waits takes it from nobody', () => {
  const sentTo = (...companyIds: string[]) =>
    new Map([
      [
        anEvent({}).eventId,
        companyIds.map((companyId, index) => ({ companyId, revision: index + 1, eventType: 'frontdesk.call.ended.v1' })),
      ],
    ])
  const signals = new Map([[evidenceKey(agent), [{ ...agent, companyId: 'A', validFrom: undefined, validUntil: undefined }]]])
  const known = { directoryVersion: 1n, signals, deactivations: new Map() }
  const from = (event: ProviderEvent, sent: LookedUp['sent']) =>
    decideAll([event], { model: shippedModel, known, entities: new Map(), held: new Map(), sent })[0]?.withdrawnFrom?.companyId
  const toA = anEvent({ evidence: [agent] })
  expect(from({ ...toA, revision: 2 }, sentTo('B'))).toBe('B')
  expect(from({ ...toA, revision: 3 }, sentTo('C', 'B'))).toBe('B')
  expect(from({ ...toA, revision: 3 }, sentTo('B', 'A'))).toBeUndefined()
  expect(from({ ...toA, revision: 1 }, sentTo('B'))).toBeUndefined()
  expect(from(anEvent({ revision: 2 }), sentTo('B'))).toBeUndefined()
})

test('what a person found to be nobody’s carries nothing more of its call, in the same batch neither, and is given back once', async () => {
  const discard = { by: 'usr_ada', at: new Date('2026-11-22T13:00:00Z'), note: '' }
  const [nobodys, other] = [anEvent({ revision: 2, evidence: [agent] }), anEvent({ eventId: '1'.repeat(64), revision: 2 })]
  const looked: LookedUp = {
    model: shippedModel,
    known: { directoryVersion: 1n, signals: new Map(), deactivations: new Map() },
    entities: firstOf('A', nobodys.eventId),
    held: new Map([[nobodys.eventId, { companyId: undefined, discard }]]),
    sent: new Map([[nobodys.eventId, [{ companyId: 'A', revision: 1, eventType: nobodys.eventType }]]]),
  }
  const decided = decideAll([nobodys, other, { ...nobodys, revision: 3 }], looked)
  expect(decided.map(({ decision }) => decision)).toMatchObject([
    { kind: 'quarantined', reason: 'no_match', discard },
    { kind: 'quarantined', reason: 'no_match' },
    { kind: 'quarantined', discard },
  ])
  expect(decided.map(({ withdrawnFrom }) => withdrawnFrom?.companyId)).toEqual(['A', undefined, undefined])
})
