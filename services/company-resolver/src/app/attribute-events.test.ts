import { expect, test } from 'vitest'
import type { Attribution, ProviderEvent } from '../domain/attribute.ts'
import { entityKey } from '../domain/entity.ts'
import { evidenceKey } from '../domain/evidence.ts'
import { shippedModel } from '../domain/model.ts'
import { attributeEvents } from './attribute-events.ts'

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

async function attributeAll(events: ProviderEvent[], entities = new Map<string, string>()) {
  const recorded: Attribution[] = []
  const signals = new Map([[evidenceKey(agent), [{ ...agent, companyId: 'A', validFrom: undefined, validUntil: undefined }]]])
  const known = { directoryVersion: 1n, signals, deactivations: new Map() }
  const ledger = {
    lookUp: async () => ({ known, entities }),
    record: async (attributions: readonly Attribution[]) => void recorded.push(...attributions),
  }
  const decided = await attributeEvents({ ledger, model: shippedModel })(events)
  expect(recorded).toEqual(decided)
  return decided.map(({ decision }) => (decision.kind === 'attributed' ? decision.companyId : decision.reason))
}

test('what the first event of a batch says of its entity carries the next one', async () => {
  expect(await attributeAll([anEvent({ evidence: [agent] }), anEvent({})])).toEqual(['A', 'A'])
  expect(await attributeAll([anEvent({}), anEvent({ evidence: [agent] })])).toEqual(['no_match', 'A'])
})

test('an entity of the same id under another secret is another entity', async () => {
  expect(await attributeAll([anEvent({ evidence: [agent] }), anEvent({ entity: entityOf('con_x') })])).toEqual(['A', 'no_match'])
})

test('an event that names no entity is carried by none', async () => {
  expect(await attributeAll([anEvent({ entity: undefined })], new Map([[entityKey(entityOf('platform')), 'A']]))).toEqual(['no_match'])
})
