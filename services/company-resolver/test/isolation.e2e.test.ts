import {
  AttributionServiceDefinition,
  AuditServiceDefinition,
  BranchServiceDefinition,
  type CompanyId,
  DirectoryServiceDefinition,
  EvidenceKind,
  ModelServiceDefinition,
  newId,
  OperationsServiceDefinition,
  RotationTarget,
  VaultServiceDefinition,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { answersToOwn, probeIsolation, type ProbedService } from '@frontdesk/rpc/testing'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ingressEvent, startHarness } from './harness.ts'

type Harness = Awaited<ReturnType<typeof startHarness>>
type Clients = ReturnType<Harness['clientsWith']>

let harness: Harness
let mine: Awaited<ReturnType<typeof aCompany>>
let theirs: Awaited<ReturnType<typeof aCompany>>
beforeAll(async () => {
  harness = await startHarness()
  mine = await aCompany('Salon Mine', '+4930700001')
  theirs = await aCompany('Salon Theirs', '+4930700002')
})
afterAll(() => harness[Symbol.asyncDispose]())

/** A company with one of everything, and the requests about it. */
async function aCompany(name: string, number: string) {
  const { company } = await harness.directory.createCompany({ name, timeZone: 'Europe/Berlin' })
  const companyId = vouchForCompanyId(company?.companyId ?? '')
  const { branch } = await harness.branches.createBranch({ companyId, name: `${name} Mitte` })
  const branchId = branch?.branchId ?? ''
  const { phoneNumber } = await harness.branches.addPhoneNumber({ companyId, branchId, number })
  const phoneNumberId = phoneNumber?.phoneNumberId ?? ''
  const { connection } = await harness.directory.createConnection({ companyId, provider: 'calcom', secret: `secret of ${name}` })
  const connectionId = connection?.connectionId ?? ''
  const { signal } = await harness.directory.addSignal({ companyId, kind: EvidenceKind.VOICE_AGENT, value: newId('agent') })
  const signalId = signal?.signalId ?? ''
  const [event, stranger, misdialled] = [number, '+4930799999', '+4930799998'].map((value) =>
    ingressEvent({ key: newId('evt'), source: { evidence: [{ kind: EvidenceKind.PHONE_NUMBER, value }] } }),
  )
  if (!event || !stranger || !misdialled) throw new Error('three events')
  for (const outcome of await harness.bus.publish([event, stranger, misdialled])) expect(outcome).toMatchObject({ ok: true })
  const eventId = event.envelope.id
  await eventually(() => harness.attribution.getAttribution({ eventId }))
  for (const { envelope } of [stranger, misdialled]) await eventually(() => harness.attribution.getAttribution({ eventId: envelope.id }))

  const key = newId('key')
  return {
    companyId,
    marks: [companyId, branchId, phoneNumberId, connectionId, signalId, name, number, eventId],
    directory: {
      createCompany: { name: 'Another', timeZone: 'UTC' },
      getCompany: { companyId },
      listCompanies: {},
      updateCompany: { companyId, name },
      createConnection: { companyId, provider: 'calcom', secret: 'secret-one', account: [{ kind: EvidenceKind.TEAM, value: key }] },
      getConnection: { companyId, connectionId },
      listConnections: { companyId },
      rotateConnectionSecret: { companyId, connectionId, secret: 'secret-two' },
      addSignal: { companyId, kind: EvidenceKind.VOICE_AGENT, value: key },
      endSignal: { companyId, signalId },
      listSignals: { companyId },
      listConnectionSecrets: {},
      getConnectionSecrets: { connectionId },
      deactivateConnection: { companyId, connectionId },
      deactivateCompany: { companyId },
      reactivateCompany: { companyId },
    },
    branches: {
      createBranch: { companyId, name: 'Another' },
      getBranch: { companyId, branchId },
      listBranches: { companyId },
      updateBranch: { companyId, branchId, name: 'Nord' },
      addPhoneNumber: { companyId, branchId, number: `+4930${7_100_000 + Number(number.slice(-5))}` },
      listPhoneNumbers: { companyId },
      portPhoneNumber: { companyId, phoneNumberId, toCompanyId: companyId, toBranchId: branchId },
      endPhoneNumber: { companyId, phoneNumberId },
      deactivateBranch: { companyId, branchId },
    },
    audit: { listAuditEntries: { companyId, subjectId: connectionId } },
    attribution: {
      getAttribution: { eventId },
      listQuarantine: {},
      listAttributions: { companyId },
      resolveCompany: { provider: 'retell', evidence: [{ kind: EvidenceKind.PHONE_NUMBER, value: number }] },
      releaseEvent: { companyId, eventId: stranger.envelope.id },
      discardEvent: { eventId: misdialled.envelope.id, note: 'a wrong number', companyId },
      releaseSiblings: { signal: { kind: EvidenceKind.PHONE_NUMBER, value: number }, dryRun: true },
      reviewAttribution: { companyId, eventId, note: '' },
      listAudits: {},
      listLabels: {},
      planReattribution: { companyId, decidedFrom: new Date(0), decidedUntil: new Date() },
    },
    models: { listModels: {}, getModel: {}, refitModel: { dryRun: true }, activateModel: { version: 'shipped-4' } },
    operations: {
      getConservation: {},
      listDeadLetters: {},
      redriveDeadLetter: { handler: 'company-resolver', eventId, revision: 1 },
      getTimeline: { eventIds: [eventId] },
    },
    vault: {
      rotateKeys: { rotationId: newId('rot'), target: RotationTarget.DATA_KEYS, companyId },
      getKeyStatus: {},
    },
  }
}

function clientFor(name: keyof Clients) {
  const issuer = harness.authority.issuer('operator')
  return (companies: readonly CompanyId[] | 'all') =>
    harness.clientsWith({ issue: (request) => issuer.issue({ ...request, companies: companies === 'all' ? companies : [...companies] }) })[
      name
    ]
}

const services = {
  directory: DirectoryServiceDefinition,
  branches: BranchServiceDefinition,
  audit: AuditServiceDefinition,
  attribution: AttributionServiceDefinition,
  models: ModelServiceDefinition,
  operations: OperationsServiceDefinition,
  vault: VaultServiceDefinition,
} as const satisfies Record<keyof Clients, ProbedService>
const names = Object.keys(services) as (keyof Clients)[]

/**
 * A quarantined event is nobody’s, and one that went wrong is another’s: the platform gives either to any company. A rotation is its own, too.
 */
const ofThePlatform = new Set(['releaseEvent.eventId', 'discardEvent.eventId', 'reviewAttribution.eventId', 'rotateKeys.rotationId'])
/** What is malformed would be refused before anything is looked for, and so prove nothing. */
const looked = ['not_found', 'permission_denied', 'answered']

test.each(names)('of %s, what is another company’s reads byte for byte as what does not exist', async (name) => {
  const company = (of: typeof mine) => ({ companyId: of.companyId, requests: of[name] as never })
  const probes = await probeIsolation({
    service: services[name],
    client: clientFor(name),
    mine: company(mine),
    theirs: company(theirs),
    ofThePlatform,
  })
  expect(probes.length).toBeGreaterThan(0)
  for (const { method, field, caller, foreign, missing } of probes) {
    const what = `${caller} ${method} ${field}`
    expect([what, foreign]).toEqual([what, missing])
    expect(looked, what).toContain(missing.code)
    for (const mark of theirs.marks) expect(foreign.bytes, what).not.toContain(mark)
    // A token that lacks the company is refused, whatever else the request says.
    if (field === '') expect(['permission_denied', 'not_found'], what).toContain(foreign.code)
  }
})

test.each(names.filter((name) => name !== 'operations'))('of %s, the same requests are answered for whose they are', async (name) => {
  const codes = await answersToOwn(
    { service: services[name], client: clientFor(name) },
    { companyId: mine.companyId, requests: mine[name] },
  )
  expect(Object.keys(codes).toSorted()).toEqual(Object.keys(services[name].methods).toSorted())
  const forTheIngress = ['listConnectionSecrets', 'getConnectionSecrets', 'resolveCompany']
  const refused = Object.entries(codes).filter(
    ([method, code]) => code !== (forTheIngress.includes(method) ? 'permission_denied' : 'answered'),
  )
  // A number is not ported to the company that has it, and an event is not discarded for a company that could have it.
  const expected: Partial<Record<string, string[][]>> = {
    branches: [['portPhoneNumber', 'invalid_argument']],
    attribution: [['discardEvent', 'failed_precondition']],
  }
  expect(refused).toEqual(expected[name] ?? [])
})
