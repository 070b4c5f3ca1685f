import { deriveEventId, newId, parseEventId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { analyze, explain } from '@frontdesk/database/testing'
import { outbox } from '@frontdesk/outbox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { stateAndEntities } from './attribution-ledger.ts'
import { attributionOf, attributionsOf, quarantinedBefore } from './attribution-reader.ts'
import { dataKeysOf } from './company-keys.ts'
import { branchesAfter } from './branch-repository.ts'
import { companiesAfter } from './company-repository.ts'
import { connectionsAfter } from './connection-repository.ts'
import { connectionById, secretsAfter } from './connection-secrets-reader.ts'
import { auditEntriesOf } from './journal.ts'
import { decisionsBefore, labelsCounted, reviewsBefore } from './experience-reader.ts'
import { signalsByValue, stateAndSignals } from './known-signals.ts'
import { heldDecisions, sentRevisions } from './held-decisions.ts'
import { modelOf } from './model-in-force.ts'
import { modelsBefore } from './model-repository.ts'
import { phoneNumbersAfter } from './phone-number-repository.ts'
import { quarantinedRow, revisionsOf, waitingWith } from './quarantine-repository.ts'
import { attributedWithin } from './reattribution-reader.ts'
import { auditsWaiting, labelsAfter } from './review-repository.ts'
import { attributions } from './schema/attributions.ts'
import { auditEntries } from './schema/audit-entries.ts'
import { audits } from './schema/audits.ts'
import { branches } from './schema/branches.ts'
import { companies } from './schema/companies.ts'
import { connections } from './schema/connections.ts'
import { dataKeys } from './schema/data-keys.ts'
import { entities } from './schema/entities.ts'
import { models } from './schema/models.ts'
import { phoneNumbers } from './schema/phone-numbers.ts'
import { reviews } from './schema/reviews.ts'
import { signals } from './schema/signals.ts'
import { signalsAfter, signalsOfConnection } from './signal-repository.ts'

const rowCount = 2_000
const now = new Date('2026-11-22T12:00:00Z')
const companyIds: string[] = []
const connectionId = newId('con')
const keyOf = (index: number) => parseEventId(deriveEventId(['plan', String(index)])) ?? deriveEventId([])
let context: Awaited<ReturnType<typeof openMigratedDatabase>>

/** So many rows that a plan without an index would be the dearer one. */
beforeAll(async () => {
  context = await openMigratedDatabase()
  const first = await context.aCompany()
  const { orm } = context.database
  companyIds.push(first, ...Array.from({ length: 200 }, () => newId('cmp')))
  const companyOf = (index: number) => companyIds[index % companyIds.length] ?? first
  const many = <Row>(row: (index: number) => Row) => Array.from({ length: rowCount }, (_, index) => row(index))
  await orm.insert(companies).values(companyIds.slice(1).map((companyId) => ({ companyId, name: 'A', timeZone: 'UTC', createdAt: now })))
  await orm
    .insert(signals)
    .values(many((index) => ({ companyId: companyOf(index), signalId: newId('sig'), kind: 'team' as const, value: `team-${index}` })))
  await orm.insert(connections).values(
    many((index) => ({
      companyId: companyOf(index),
      connectionId: index === 0 ? connectionId : newId('con'),
      provider: 'calcom',
      currentSecret: Buffer.from('sealed'),
      secretVersion: 1,
      secretCursor: BigInt(index + 1),
    })),
  )
  await orm.insert(dataKeys).values(
    many((index) => ({
      companyId: companyOf(index),
      keyId: 1 + Math.floor(index / companyIds.length),
      kekId: 'test',
      wrapped: Buffer.from('wrapped'),
      state: 'active' as const,
      createdAt: now,
    })),
  )
  await orm
    .insert(entities)
    .values(many((index) => ({ entityKey: keyOf(index), companyId: companyOf(index), eventId: keyOf(index), attributedAt: now })))
  const onlyOf = (index: number) => ({ companyId: companyOf(index), name: 'Mitte', timeZone: 'UTC', createdAt: now })
  await orm.insert(branches).values(many((index) => ({ ...onlyOf(index), branchId: newId('brn') })))
  await orm
    .insert(phoneNumbers)
    .values(many((index) => ({ companyId: companyOf(index), phoneNumberId: newId('phn'), number: '+4930123456' })))
  await orm.insert(auditEntries).values(
    many((index) => ({
      // Half of it is of one company, which has changed much.
      companyId: companyOf(index % 2 === 0 ? index : 7),
      auditEntryId: newId('aud'),
      action: 'connection.created',
      subjectId: index === 7 ? connectionId : newId('con'),
      caller: 'cli',
      changedAt: now,
      stateAfter: {},
      directoryVersion: 1n,
    })),
  )
  // A twentieth waits in the quarantine, for one of two reasons.
  await orm.insert(attributions).values(
    many((index) => ({
      eventId: keyOf(index),
      revision: 1,
      eventType: 'frontdesk.call.ended.v1' as const,
      source: {},
      companyId: index % 20 === 0 ? null : companyOf(index),
      confidence: index % 20 === 0 ? null : 0.99,
      reason: index % 20 === 0 ? (index % 40 === 0 ? ('conflict' as const) : ('no_match' as const)) : null,
      details: [],
      waterfall: [],
      candidates: [],
      nonePosterior: 0,
      modelVersion: 'shipped-4',
      directoryVersion: 1n,
      asOf: now,
      // A second apart, the newest last.
      decidedAt: new Date(now.getTime() - (rowCount - index) * 1_000),
    })),
  )
  await orm.insert(outbox).values(
    many((index) => ({
      eventId: keyOf(index),
      revision: 1,
      eventType: 'frontdesk.event.quarantined.v1' as const,
      subject: 'quarantine.retell.no_match',
      entityId: `call_${index}`,
      correlationId: keyOf(index),
      body: Buffer.from('{}'),
      occurredAt: now,
      createdAt: now,
      nextAttemptAt: now,
    })),
  )
  await orm.insert(audits).values(many((index) => ({ eventId: keyOf(index), drawnAt: now, reviewedAt: index % 20 === 0 ? null : now })))
  await orm.insert(reviews).values(
    many((index) => ({
      eventId: keyOf(index),
      revision: 1,
      act: 'confirmed' as const,
      companyId: companyOf(index),
      reviewedBy: 'usr_ada',
      reviewedAt: now,
      note: '',
      modelVersion: 'shipped-2',
      propensity: 0.002,
    })),
  )
  await orm
    .insert(models)
    .values(many((index) => ({ version: `fitted-${index}`, createdAt: new Date(now.getTime() + index), createdBy: 'cli', parameters: {} })))
  await analyze(
    context.database,
    'companies',
    'branches',
    'phone_numbers',
    'audit_entries',
    'signals',
    'connections',
    'data_keys',
    'entities',
    'attributions',
    'outbox',
    'audits',
    'reviews',
    'models',
  )
})
afterAll(() => context[Symbol.asyncDispose]())

type Query = { toSQL(): { sql: string; params: readonly unknown[] } }
const evidence = { kind: 'phone_number', value: '+4930123456' } as const
const company = () => companyIds[7] as Parameters<typeof signalsAfter>[1]
const page = { before: 1_500n, limit: 50 }
/** Behind everything that was kept before the tests. */
const auditPage = () => ({ companyId: undefined, subjectId: undefined, before: newId('aud'), limit: 50 })
const everything = {
  companyId: undefined,
  status: undefined,
  types: [],
  provider: undefined,
  decidedFrom: undefined,
  decidedUntil: undefined,
  limit: 50,
  pageToken: '',
}
const window = { decidedFrom: new Date(now.getTime() - 600_000), decidedUntil: new Date(now.getTime() - 60_000) }

test.each<[string, (orm: Database['orm']) => Query, string, ...string[]]>([
  ['the first page of ListCompanies', (orm) => companiesAfter(orm, { after: '', limit: 50 }), 'PRIMARY'],
  ['a page of ListCompanies', (orm) => companiesAfter(orm, { after: company(), limit: 50 }), 'PRIMARY'],
  ['a page of ListSignals', (orm) => signalsAfter(orm, company(), { after: newId('sig'), limit: 50 }), 'PRIMARY'],
  ['the signals of a connection', (orm) => signalsOfConnection(orm, company(), { connectionId, limit: 200 }), 'signals_connection'],
  ['a page of ListConnections', (orm) => connectionsAfter(orm, company(), { after: newId('con'), limit: 50 }), 'PRIMARY'],
  ['a page of ListBranches', (orm) => branchesAfter(orm, company(), { after: newId('brn'), limit: 50 }), 'PRIMARY'],
  ['a page of ListPhoneNumbers', (orm) => phoneNumbersAfter(orm, company(), { after: newId('phn'), limit: 50 }), 'PRIMARY'],
  ['a company’s audit', (orm) => auditEntriesOf(orm, { ...auditPage(), companyId: company() }), 'PRIMARY'],
  [
    'the audit of one thing',
    (orm) => auditEntriesOf(orm, { ...auditPage(), companyId: company(), subjectId: connectionId }),
    'audit_entries_by_subject',
  ],
  [
    'the first page of the audit of all companies',
    (orm) => auditEntriesOf(orm, { ...auditPage(), before: undefined }),
    'audit_entries_by_id',
  ],
  ['the audit of all companies', (orm) => auditEntriesOf(orm, auditPage()), 'audit_entries_by_id'],
  ['ListQuarantine', (orm) => quarantinedBefore(orm, { ...page, reason: undefined, before: undefined }), 'attributions_by_company'],
  ['a page of ListQuarantine', (orm) => quarantinedBefore(orm, { ...page, reason: undefined }), 'attributions_by_company'],
  ['a page of ListQuarantine by reason', (orm) => quarantinedBefore(orm, { ...page, reason: 'conflict' }), 'attributions_by_reason'],
  ['the first page of ListAttributions', (orm) => attributionsOf(orm, everything), 'attributions_by_time'],
  ['a window of ListAttributions', (orm) => attributionsOf(orm, { ...everything, ...window }), 'attributions_by_time'],
  [
    'a page of a company’s ListAttributions',
    (orm) => attributionsOf(orm, { ...everything, ...window, companyId: company(), pageToken: `${now.getTime()}.1500` }),
    'attributions_by_company_and_time',
  ],
  [
    'a page of what is quarantined in a window',
    (orm) => attributionsOf(orm, { ...everything, ...window, status: 'quarantined', pageToken: `${now.getTime()}.1500` }),
    'attributions_by_company_and_time',
  ],
  [
    'a page of what is attributed',
    (orm) => attributionsOf(orm, { ...everything, status: 'attributed', types: ['frontdesk.call.ended.v1'], provider: 'retell' }),
    'attributions_by_time',
  ],
  ['GetAttribution', (orm) => attributionOf(orm, keyOf(3), 0), 'attributions_by_event'],
  ['GetAttribution of a revision', (orm) => attributionOf(orm, keyOf(3), 1), 'attributions_by_event'],
  ['a release’s look for the revisions', (orm) => revisionsOf(orm, keyOf(3)).for('update'), 'attributions_by_event'],
  ['a release’s look for the payload', (orm) => quarantinedRow(orm, keyOf(20), 1), 'outbox_by_correlation'],
  [
    'a page of what waits and carries a signal',
    (orm) => waitingWith(orm, { evidence, before: 1_500n, limit: 50 }),
    'attributions_by_company',
  ],
  ['a raised revision’s look for persons’ decisions', (orm) => heldDecisions(orm, [keyOf(1), keyOf(2)]), 'reviews_by_event', 'PRIMARY'],
  ['a raised revision’s look for where it went', (orm) => sentRevisions(orm, [keyOf(1), keyOf(2)]), 'attributions_by_event'],
  ['a page of ListAudits', (orm) => auditsWaiting(orm, { limit: 50, pageToken: `${now.getTime()}.${keyOf(3)}` }), 'audits_waiting'],
  ['a page of ListLabels', (orm) => labelsAfter(orm, { after: 1_900n, limit: 50 }), 'PRIMARY', 'attributions_by_event'],
  [
    'a page of PlanReattribution',
    (orm) => attributedWithin(orm, { ...window, companyId: undefined, limit: 50, pageToken: `${now.getTime() - 300_000}.1500` }),
    'attributions_by_time',
  ],
  [
    'a page of a company’s PlanReattribution',
    (orm) => attributedWithin(orm, { ...window, companyId: company(), limit: 50, pageToken: '' }),
    'attributions_by_company_and_time',
  ],
  ['attribution’s look for signals', (orm) => signalsByValue(orm, ['team-1', 'team-2', 'nobody']), 'signals_by_value', 'PRIMARY'],
  [
    'attribution’s look for the state and the entities',
    () => ({ toSQL: () => stateAndEntities([keyOf(1), keyOf(2)]) }),
    'PRIMARY',
    'PRIMARY',
    'PRIMARY',
  ],
  ['a ringing call’s look for signals', (orm) => stateAndSignals(orm, ['team-1', 'team-2']), 'signals_by_value', 'PRIMARY', 'PRIMARY'],
  ['a batch’s look for a new model', (orm) => modelOf(orm, 'fitted-7'), 'PRIMARY'],
  ['a page of ListModels', (orm) => modelsBefore(orm, { limit: 50, pageToken: `${now.getTime() + 900}.fitted-900` }), 'models_by_time'],
  ['a fit’s look for labels', (orm) => reviewsBefore(orm, 1_900n, 500), 'PRIMARY', 'attributions_by_event'],
  ['a fit’s look for recent events', (orm) => decisionsBefore(orm, 1_900n, 500), 'PRIMARY'],
  ['the count of new labels', (orm) => labelsCounted(orm, 1_900n), 'PRIMARY'],
  ['a page of ListConnectionSecrets', (orm) => secretsAfter(orm, { afterVersion: 1_900n, limit: 50 }), 'connections_by_secret_cursor'],
  ['the vault’s look for keys', (orm) => dataKeysOf(orm, companyIds.slice(0, 8), [9, 10]), 'PRIMARY'],
  ['GetConnectionSecrets', (orm) => connectionById(orm, connectionId), 'connections_by_id'],
])('%s reads by its index and sorts nothing', async (_, query, ...keys) => {
  const plans = await explain(context.database, query(context.database.orm))
  expect(plans.map(({ key }) => key)).toEqual(keys)
  expect(plans.map(({ type }) => type)).not.toContain('ALL')
  for (const { Extra } of plans) expect(Extra ?? '').not.toMatch(/filesort|temporary/)
})
