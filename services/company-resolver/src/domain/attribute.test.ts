import { expect, test } from 'vitest'
import { attribute, type KnownSignal, type ProviderEvent } from './attribute.ts'
import { type Evidence, evidenceKey } from './evidence.ts'
import { shippedModel } from './model.ts'

const receivedAt = new Date('2026-11-22T12:00:00Z')
const phone: Evidence = { kind: 'phone_number', value: '+4930111111' }
const agent: Evidence = { kind: 'voice_agent', value: 'agent_a' }
const team: Evidence = { kind: 'team', value: '7' }

const anEvent = (overrides: Partial<ProviderEvent>): ProviderEvent => ({
  eventId: 'e'.repeat(64),
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  provider: 'retell',
  entity: { provider: 'retell', scope: 'platform', type: 'call', id: 'call_1' },
  entityStartedAt: new Date(receivedAt.getTime() - 60_000),
  receivedAt,
  evidence: [phone],
  schemaViolations: [],
  source: {},
  ...overrides,
})

type Owned = readonly [Evidence, string, Partial<KnownSignal>?]

function decideOn(
  event: Partial<ProviderEvent>,
  directory: readonly Owned[],
  more: { entity?: string; deactivated?: Map<string, Date> } = {},
) {
  const signals = directory.map(([piece, companyId, validity]): KnownSignal => ({
    ...piece,
    companyId,
    validFrom: undefined,
    validUntil: undefined,
    ...validity,
  }))
  const known = {
    directoryVersion: 3n,
    signals: Map.groupBy(signals, evidenceKey),
    deactivations: more.deactivated ?? new Map<string, Date>(),
  }
  return attribute(anEvent(event), more.entity, known, shippedModel)
}

const reasonOf = (...given: Parameters<typeof decideOn>) => {
  const { decision } = decideOn(...given)
  return decision.kind === 'quarantined' ? decision.reason : `attributed to ${decision.companyId}`
}

test('a known phone number attributes, with a confidence below 1 and the versions that decided', () => {
  const attribution = decideOn({}, [[phone, 'A']])
  expect(attribution.decision).toMatchObject({ kind: 'attributed', companyId: 'A' })
  expect(attribution.candidates[0]?.posterior).toBeGreaterThan(0.99)
  expect(attribution.candidates[0]?.posterior).toBeLessThan(1)
  expect(attribution).toMatchObject({ modelVersion: 'shipped-4', directoryVersion: 3n })
})

test('an event without any known evidence matches nobody, however many companies there are', () => {
  expect(reasonOf({}, [[agent, 'A']])).toBe('no_match')
  expect(reasonOf({ evidence: [] }, [[agent, 'A']])).toBe('no_match')
})

test('a number shared by two companies is ambiguous, and the agent of one resolves it', () => {
  const shared: Owned[] = [
    [phone, 'A'],
    [phone, 'B'],
    [agent, 'B'],
  ]
  expect(reasonOf({}, shared)).toBe('ambiguous')
  expect(reasonOf({ evidence: [phone, agent] }, shared)).toBe('attributed to B')
})

test('one weak signal alone is not enough', () => {
  for (const kind of ['organizer_id', 'event_type', 'organization', 'team'] as const) {
    expect(reasonOf({ evidence: [{ kind, value: '7' }] }, [[{ kind, value: '7' }, 'A']])).toBe('low_confidence')
  }
})

test('two trusted signals that name different companies are a conflict, whatever speaks for either', () => {
  const directory: Owned[] = [
    [phone, 'A'],
    [agent, 'B'],
    [team, 'A'],
  ]
  expect(reasonOf({ evidence: [phone, agent, team] }, directory, { entity: 'A' })).toBe('conflict')
})

test('what a company writes under its own secret never reaches another company', () => {
  const connection: Evidence = { kind: 'connection', value: 'con_b' }
  const claims: Evidence[] = [
    phone,
    agent,
    team,
    { kind: 'organizer_email', value: 'a@a.test' },
    { kind: 'organizer_id', value: '1' },
    { kind: 'event_type', value: '2' },
    { kind: 'organization', value: '3' },
  ]
  const ofA = claims.map((piece): Owned => [piece, 'A'])
  expect(reasonOf({ evidence: [connection, ...claims] }, [[connection, 'B'], ...ofA])).toBe('conflict')
  expect(reasonOf({ evidence: [connection, ...claims.slice(2)] }, [[connection, 'B'], ...ofA])).not.toBe('attributed to A')
  // The connection's own signal ended: it vouches for nobody any more.
  expect(reasonOf({ evidence: [connection, ...claims] }, ofA)).toBe('no_match')
})

test('untrusted signals never outvote a trusted one, however many they are', () => {
  const untrusted = (['organizer_email', 'organizer_id', 'event_type', 'organization', 'team'] as const).map((kind) => ({
    kind,
    value: 'x',
  }))
  const directory: Owned[] = [[phone, 'B'], ...untrusted.map((piece): Owned => [piece, 'A'])]
  const attribution = decideOn({ evidence: [phone, ...untrusted] }, directory, { entity: 'A' })
  expect(attribution.candidates[0]?.companyId).toBe('A')
  expect(attribution.decision).toMatchObject({ reason: 'conflict' })
})

test('a connection attributes by itself, though the directory knows nothing else of the booking', () => {
  const connection: Evidence = { kind: 'connection', value: 'con_a' }
  const unknown = (['organizer_email', 'organizer_id', 'event_type', 'organization', 'team'] as const).map((kind) => ({ kind, value: 'x' }))
  expect(reasonOf({ evidence: [connection, ...unknown] }, [[connection, 'A']])).toBe('attributed to A')
})

const stripeAccount: Evidence = { kind: 'stripe_account', value: 'acct_1A' }
const stripeCustomer: Evidence = { kind: 'stripe_customer', value: 'cus_1A' }
const whatsappNumber: Evidence = { kind: 'whatsapp_phone_number', value: '2001' }
const whatsappAccount: Evidence = { kind: 'whatsapp_account', value: '1001' }

test('an id that Stripe or Meta gave attributes by itself', () => {
  for (const piece of [stripeAccount, stripeCustomer, whatsappNumber, whatsappAccount]) {
    expect(reasonOf({ evidence: [piece] }, [[piece, 'A']])).toBe('attributed to A')
    expect(reasonOf({ evidence: [piece] }, [])).toBe('no_match')
  }
})

test('a connected account’s own customers are in no directory, and its events are its company’s all the same', () => {
  expect(reasonOf({ evidence: [stripeAccount, stripeCustomer] }, [[stripeAccount, 'A']])).toBe('attributed to A')
})

test('the metadata that we wrote carries the first events of a customer whom the directory does not know yet', () => {
  const metadata: Evidence = { kind: 'metadata', value: 'A' }
  expect(reasonOf({ evidence: [stripeCustomer, metadata] }, [[metadata, 'A']])).toBe('attributed to A')
})

test('of an account that several companies share the number decides, and without a known number nobody gets the event', () => {
  const shared: Owned[] = [
    [whatsappAccount, 'A'],
    [whatsappAccount, 'B'],
  ]
  expect(reasonOf({ evidence: [whatsappNumber, whatsappAccount] }, [...shared, [whatsappNumber, 'B']])).toBe('attributed to B')
  expect(reasonOf({ evidence: [whatsappNumber, whatsappAccount] }, shared)).toBe('ambiguous')
  expect(reasonOf({ evidence: [whatsappAccount] }, shared)).toBe('ambiguous')
})

test('a number that nobody knows is not its account’s company’s for that alone: an agency’s account holds those of many', () => {
  expect(reasonOf({ evidence: [whatsappNumber, whatsappAccount] }, [[whatsappAccount, 'A']])).toBe('low_confidence')
})

test('a number and an account of different companies are a conflict', () => {
  const directory: Owned[] = [
    [whatsappNumber, 'B'],
    [whatsappAccount, 'A'],
  ]
  expect(reasonOf({ evidence: [whatsappNumber, whatsappAccount] }, directory)).toBe('conflict')
})

test('the first attribution of the entity carries an event that says nothing else', () => {
  expect(reasonOf({ evidence: [] }, [], { entity: 'A' })).toBe('attributed to A')
})

test('the first attribution of the entity yields to a trusted signal, and to a trusted kind that the directory does not know', () => {
  expect(reasonOf({ evidence: [phone] }, [[phone, 'B']], { entity: 'A' })).toBe('attributed to B')
  expect(reasonOf({ evidence: [phone] }, [], { entity: 'A' })).toBe('no_match')
})

test('signals count by the start of the entity: a ported number stays with its old company until then', () => {
  const portedAt = new Date(receivedAt.getTime() - 30 * 60_000)
  const directory: Owned[] = [
    [phone, 'A', { validUntil: portedAt }],
    [phone, 'B', { validFrom: portedAt }],
  ]
  expect(reasonOf({ entityStartedAt: new Date(portedAt.getTime() - 1) }, directory)).toBe('attributed to A')
  expect(reasonOf({ entityStartedAt: portedAt }, directory)).toBe('attributed to B')
  expect(reasonOf({ entityStartedAt: undefined }, directory)).toBe('attributed to B')
})

test('a company that was deactivated before the receipt gets nothing, one deactivated after it does', () => {
  const at = (ms: number) => ({ deactivated: new Map([['A', new Date(receivedAt.getTime() + ms)]]) })
  expect(reasonOf({}, [[phone, 'A']], at(0))).toBe('inactive_company')
  expect(reasonOf({}, [[phone, 'A']], at(1))).toBe('attributed to A')
})

test('what does not fit its schema is quarantined with what did not fit, however sure its company is', () => {
  const { decision, candidates } = decideOn({ schemaViolations: ['call.call_id: expected string'] }, [[phone, 'A']])
  expect(decision).toEqual({ kind: 'quarantined', reason: 'schema_drift', details: ['call.call_id: expected string'] })
  expect(candidates).toHaveLength(1)
})
