import {
  AttributionServiceDefinition,
  type CompanyId,
  type Evidence,
  EvidenceKind,
  QuarantineReason,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { type ErrorCode, toFrontdeskError } from '@frontdesk/errors'
import { createRpcClient, type RpcClient } from '@frontdesk/rpc'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ingressEvent, startHarness } from './harness.ts'

let harness: Awaited<ReturnType<typeof startHarness>>
let asIngress: RpcClient<typeof AttributionServiceDefinition>
const phone = (value: string) => ({ kind: EvidenceKind.PHONE_NUMBER, value })
const agent = (value: string) => ({ kind: EvidenceKind.VOICE_AGENT, value })
const team = (value: string) => ({ kind: EvidenceKind.TEAM, value })
const companies = {} as Record<'a' | 'b' | 'inactive', CompanyId>

function clientAs(caller: string) {
  const { authority, service, telemetry } = harness
  const address = `127.0.0.1:${service.rpcPort}`
  return createRpcClient(AttributionServiceDefinition, {
    address,
    issuer: authority.issuer(caller),
    audience: 'company-resolver',
    telemetry,
  })
}

async function aCompany(name: string, signals: readonly Evidence[]): Promise<CompanyId> {
  const { company } = await harness.directory.createCompany({ name, timeZone: 'Europe/Berlin' })
  const companyId = vouchForCompanyId(company?.companyId ?? '')
  await Promise.all(signals.map((signal) => harness.directory.addSignal({ companyId, ...signal })))
  return companyId
}

beforeAll(async () => {
  harness = await startHarness()
  asIngress = clientAs('webhook-ingress')
  companies.a = await aCompany('Salon A', [phone('+4930100001'), phone('+4930100009'), agent('agent_a'), team('1')])
  companies.b = await aCompany('Salon B', [phone('+4930100002'), phone('+4930100009'), agent('agent_b')])
  companies.inactive = await aCompany('Salon C', [phone('+4930100003')])
  await harness.directory.deactivateCompany({ companyId: companies.inactive })
})
afterAll(async () => {
  await asIngress[Symbol.asyncDispose]()
  await harness[Symbol.asyncDispose]()
})

const resolve = async (evidence: readonly Evidence[]) =>
  (await asIngress.resolveCompany({ provider: 'retell', evidence: [...evidence] })).decision
const codeOf = (work: Promise<unknown>): Promise<ErrorCode | 'answered'> =>
  work.then(
    () => 'answered',
    (error: unknown) => toFrontdeskError(error).code,
  )

test('a number of ours is its company’s, which is told with its name and time zone', async () => {
  expect(await resolve([phone('+4930100001'), agent('agent_new')])).toMatchObject({
    $case: 'resolved',
    value: { companyId: companies.a, name: 'Salon A', timeZone: 'Europe/Berlin', confidence: expect.toSatisfy((p: number) => p > 0.95) },
  })
})

const odd: readonly [string, Evidence[]][] = [
  ['of nobody', [phone('+4930999999')]],
  ['of two', [phone('+4930100009')]],
  ['of two with a weak hint', [phone('+4930100009'), team('1')]],
  ['of two with an agent', [phone('+4930100009'), agent('agent_b')]],
  ['too weak', [team('1')]],
  ['of two against each other', [phone('+4930100001'), agent('agent_b')]],
  ['of an ended company', [phone('+4930100003')]],
  ['with what only the resolver finds out', [{ kind: EvidenceKind.ENTITY, value: 'x' }]],
  ['of no kind', [{ kind: EvidenceKind.UNSPECIFIED, value: '+4930100001' }]],
  ['blank', [phone(' ')]],
  ['absent', []],
  ['as long as a book', [{ kind: EvidenceKind.METADATA, value: 'x'.repeat(5_000) }]],
]

test.each(odd)('evidence %s is decided on like an event’s', async (name, evidence) => {
  const event = ingressEvent({ key: `resolve-${name}`, source: { evidence } })
  await harness.bus.publish([event])
  const { attribution } = await eventually(() => harness.attribution.getAttribution({ eventId: event.envelope.id }))
  const ofEvent = attribution?.decision
  const resolved = await resolve(evidence)
  if (ofEvent?.$case === 'quarantined') expect(resolved).toEqual({ $case: 'unresolved', value: ofEvent.value })
  else
    expect(resolved).toMatchObject({
      $case: 'resolved',
      value: { companyId: ofEvent?.value.companyId, confidence: ofEvent?.value.confidence },
    })
})

test('what is decided is the directory as it stands, and nothing of it is kept', async () => {
  const before = (await harness.operations.getConservation({})).counts
  const number = phone('+4930100077')
  expect(await resolve([number])).toMatchObject({ $case: 'unresolved', value: { reason: QuarantineReason.NO_MATCH } })
  const { signal } = await harness.directory.addSignal({ companyId: companies.b, ...number })
  expect(await resolve([number])).toMatchObject({ $case: 'resolved', value: { companyId: companies.b } })
  await harness.directory.endSignal({ companyId: companies.b, signalId: signal?.signalId ?? '' })
  expect(await resolve([number])).toMatchObject({ $case: 'unresolved' })
  expect((await harness.operations.getConservation({})).counts).toEqual(before)
})

test('a company that has ended is nobody’s to call any more', async () => {
  expect(await resolve([phone('+4930100003')])).toMatchObject({
    $case: 'unresolved',
    value: { reason: QuarantineReason.INACTIVE_COMPANY },
  })
})

test('only the ingress may ask, and only for all companies', async () => {
  const request = { provider: 'retell', evidence: [phone('+4930100001')] }
  await using booking = clientAs('booking')
  expect(await codeOf(booking.resolveCompany(request))).toBe('permission_denied')
  expect(await codeOf(harness.attribution.resolveCompany(request))).toBe('permission_denied')
  expect(await codeOf(asIngress.resolveCompany(request, { companies: [companies.a] }))).toBe('permission_denied')
})

test('what can’t be asked is refused with its field’s name', async () => {
  const many = Array.from({ length: 33 }, (_, index) => team(String(index)))
  for (const [field, request] of [
    ['provider', { provider: 'Retell >', evidence: [] }],
    ['provider', { provider: '', evidence: [] }],
    ['evidence', { provider: 'retell', evidence: many }],
  ] as const) {
    await expect(asIngress.resolveCompany({ ...request, evidence: [...request.evidence] })).rejects.toMatchObject({
      code: 'invalid_argument',
      publicMessage: expect.stringMatching(`^${field}:`) as unknown,
    })
  }
})
