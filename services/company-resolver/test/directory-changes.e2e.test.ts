import { type CompanyId, decodePayload, EvidenceKind, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { type ErrorCode, isFrontdeskError } from '@frontdesk/errors'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ingressEvent, startHarness, storedIn } from './harness.ts'

let harness: Awaited<ReturnType<typeof startHarness>>
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

async function aCompany(): Promise<CompanyId> {
  const { company } = await harness.directory.createCompany({ name: 'Salon', timeZone: 'Europe/Berlin' })
  return vouchForCompanyId(company?.companyId ?? '')
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | 'answered'> {
  try {
    await work
    return 'answered'
  } catch (error) {
    if (isFrontdeskError(error)) return error.code
    throw error
  }
}

/** What was told of the company, oldest first, once there are so many. */
const toldOf = (companyId: CompanyId, count: number) =>
  eventually(async () => {
    const found = (await storedIn(harness.bus, 'COMPANY')).filter(({ envelope }) => envelope.companyId === companyId)
    expect(found).toHaveLength(count)
    return found
  })

const auditOf = async (companyId: CompanyId, subjectId = '') => {
  const { entries } = await harness.audit.listAuditEntries({ companyId, subjectId })
  return entries.toReversed()
}

let numbers = 0
const aNumber = () => `+4930${(numbers += 1) + 5_000_000}`

/** Where an event of now with this evidence goes. */
async function decide(kind: EvidenceKind, value: string, at = new Date()) {
  const event = ingressEvent({ key: newId('evt'), source: { evidence: [{ kind, value }], entityStartedAt: at } })
  for (const outcome of await harness.bus.publish([event])) expect(outcome).toMatchObject({ ok: true })
  const { attribution } = await eventually(() => harness.attribution.getAttribution({ eventId: event.envelope.id }))
  return attribution?.decision
}

test('each change of a company is an event and an audit entry, with who made it, and what changes nothing is neither', async () => {
  const companyId = await aCompany()
  await harness.directory.updateCompany({ companyId, name: 'Salon Aurora' })
  await harness.directory.updateCompany({ companyId, name: ' Salon Aurora ', timeZone: 'Europe/Berlin' })
  await harness.directory.updateCompany({ companyId, timeZone: 'Europe/Vienna' })
  await harness.directory.deactivateCompany({ companyId })
  await harness.directory.deactivateCompany({ companyId })
  const { company } = await harness.directory.reactivateCompany({ companyId })
  expect(company).toMatchObject({ name: 'Salon Aurora', timeZone: 'Europe/Vienna', deactivatedAt: undefined })

  const told = (await toldOf(companyId, 6)).filter(({ envelope }) => envelope.subject === companyId)
  expect(told.map(({ subject }) => subject.replace(`company.${companyId}.`, ''))).toEqual([
    'company.created',
    'company.updated',
    'company.updated',
    'company.deactivated',
    'company.reactivated',
  ])
  const versions = told.map(({ body }) => decodePayload('frontdesk.company.updated.v1', Buffer.from(body)).directoryVersion)
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => Number(a - b)))
  expect(decodePayload('frontdesk.company.updated.v1', Buffer.from(told[1]?.body ?? ''))).toMatchObject({
    company: { companyId, name: 'Salon Aurora', timeZone: 'Europe/Berlin' },
  })

  const entries = await auditOf(companyId, companyId)
  expect(entries.map(({ action }) => action)).toEqual([
    'company.created',
    'company.updated',
    'company.updated',
    'company.deactivated',
    'company.reactivated',
  ])
  expect(entries[1]).toMatchObject({
    companyId,
    caller: 'cli',
    actor: '',
    before: { name: 'Salon', timeZone: 'Europe/Berlin' },
    after: { name: 'Salon Aurora', timeZone: 'Europe/Berlin' },
    directoryVersion: versions[1],
  })
  expect(entries[0]).toMatchObject({ before: undefined, after: { name: 'Salon' } })
})

test('the person behind a caller is in the audit', async () => {
  const issuer = harness.authority.issuer('console')
  const asPerson = harness.clientsWith({ issue: (request) => issuer.issue({ ...request, actor: 'usr_ada' }) })
  const { company } = await asPerson.directory.createCompany({ name: 'Salon', timeZone: 'UTC' })
  const [entry] = await auditOf(vouchForCompanyId(company?.companyId ?? ''))
  expect(entry).toMatchObject({ caller: 'console', actor: 'usr_ada' })
})

test('a company that is deactivated gets no event, and gets them again once it is reactivated', async () => {
  const companyId = await aCompany()
  const number = aNumber()
  await harness.branches.addPhoneNumber({ companyId, number })
  await harness.directory.deactivateCompany({ companyId })
  expect(await decide(EvidenceKind.PHONE_NUMBER, number)).toMatchObject({
    $case: 'quarantined',
    value: { reason: 'QUARANTINE_REASON_INACTIVE_COMPANY' },
  })
  expect(await codeOf(harness.branches.addPhoneNumber({ companyId, number: aNumber() }))).toBe('failed_precondition')
  await harness.directory.reactivateCompany({ companyId })
  expect(await decide(EvidenceKind.PHONE_NUMBER, number)).toMatchObject({ $case: 'attributed', value: { companyId } })
})

test('a branch has the company’s time zone or its own, and a closed one takes no further number', async () => {
  const companyId = await aCompany()
  const { branch } = await harness.branches.createBranch({ companyId, name: 'Mitte' })
  const branchId = branch?.branchId ?? ''
  expect(branch).toMatchObject({ companyId, name: 'Mitte', timeZone: 'Europe/Berlin', deactivatedAt: undefined })
  expect((await harness.branches.updateBranch({ companyId, branchId, timeZone: 'Atlantic/Canary' })).branch).toMatchObject({
    name: 'Mitte',
    timeZone: 'Atlantic/Canary',
  })
  const { phoneNumber } = await harness.branches.addPhoneNumber({ companyId, branchId, number: aNumber() })
  expect(phoneNumber).toMatchObject({ companyId, branchId })
  await harness.branches.deactivateBranch({ companyId, branchId })
  expect(await codeOf(harness.branches.addPhoneNumber({ companyId, branchId, number: aNumber() }))).toBe('failed_precondition')
  expect((await harness.branches.listBranches({ companyId })).branches).toMatchObject([{ branchId, timeZone: 'Atlantic/Canary' }])
  expect((await auditOf(companyId, branchId)).map(({ action }) => action)).toEqual([
    'branch.created',
    'branch.updated',
    'branch.deactivated',
  ])
})

test('a phone number brings its signal, which ends with it and not without it', async () => {
  const companyId = await aCompany()
  const number = aNumber()
  const { phoneNumber } = await harness.branches.addPhoneNumber({ companyId, number })
  const phoneNumberId = phoneNumber?.phoneNumberId ?? ''
  const ofNumber = async () => (await harness.directory.listSignals({ companyId })).signals.filter(({ value }) => value === number)
  expect(await ofNumber()).toMatchObject([{ kind: EvidenceKind.PHONE_NUMBER, phoneNumberId, trusted: true, validUntil: undefined }])
  const signalId = (await ofNumber())[0]?.signalId ?? ''
  expect(await codeOf(harness.directory.endSignal({ companyId, signalId }))).toBe('failed_precondition')
  expect(await codeOf(harness.branches.addPhoneNumber({ companyId, number }))).toBe('already_exists')
  expect((await harness.branches.listPhoneNumbers({ companyId })).phoneNumbers).toHaveLength(1)

  const validUntil = new Date()
  await harness.branches.endPhoneNumber({ companyId, phoneNumberId, validUntil })
  expect(await ofNumber()).toMatchObject([{ validUntil }])
  expect((await harness.branches.listPhoneNumbers({ companyId })).phoneNumbers).toMatchObject([{ number, validUntil }])
  expect(await codeOf(harness.branches.addPhoneNumber({ companyId, number, validFrom: validUntil }))).toBe('answered')
  const told = await toldOf(companyId, 8)
  expect(told.map(({ envelope }) => envelope.type).slice(2)).toEqual([
    'frontdesk.phone_number.added.v1',
    'frontdesk.signal.added.v1',
    'frontdesk.phone_number.ended.v1',
    'frontdesk.signal.ended.v1',
    'frontdesk.phone_number.added.v1',
    'frontdesk.signal.added.v1',
  ])
})

test('a call from before a number was ported is the old company’s, one after it the new one’s', async () => {
  const [a, b] = [await aCompany(), await aCompany()]
  const number = aNumber()
  const { phoneNumber } = await harness.branches.addPhoneNumber({ companyId: a, number })
  const phoneNumberId = phoneNumber?.phoneNumberId ?? ''
  const portedAt = new Date(Date.now() - 60_000)
  expect(await codeOf(harness.branches.portPhoneNumber({ companyId: a, phoneNumberId, toCompanyId: a }))).toBe('invalid_argument')
  const answer = await harness.branches.portPhoneNumber({ companyId: a, phoneNumberId, toCompanyId: b, portedAt })
  expect(answer).toMatchObject({
    phoneNumber: { phoneNumberId, companyId: a, validUntil: portedAt },
    ported: { companyId: b, number, validFrom: portedAt, validUntil: undefined },
  })
  const before = new Date(portedAt.getTime() - 1)
  expect(await decide(EvidenceKind.PHONE_NUMBER, number, before)).toMatchObject({ $case: 'attributed', value: { companyId: a } })
  expect(await decide(EvidenceKind.PHONE_NUMBER, number, portedAt)).toMatchObject({ $case: 'attributed', value: { companyId: b } })
  expect(await codeOf(harness.branches.portPhoneNumber({ companyId: a, phoneNumberId, toCompanyId: b }))).toBe('failed_precondition')
  const [ofA, ofB] = [await auditOf(a, phoneNumberId), await auditOf(b, answer.ported?.phoneNumberId)]
  expect(ofA.at(-1)).toMatchObject({ action: 'phone_number.ended' })
  expect(ofB).toMatchObject([{ action: 'phone_number.added', directoryVersion: ofA.at(-1)?.directoryVersion }])
})

test('a connection brings what is known of its account as signals, each once, and takes them with it', async () => {
  const companyId = await aCompany()
  const organizer = { kind: EvidenceKind.ORGANIZER_EMAIL, value: `hello-${newId('x')}@aurora.example` }
  const team = { kind: EvidenceKind.TEAM, value: '77' }
  const connect = (account: { kind: EvidenceKind; value: string }[]) =>
    harness.directory.createConnection({ companyId, provider: 'calcom', secret: 'secret-one', account })
  const { connection, signals } = await connect([organizer, { ...organizer, value: organizer.value.toUpperCase() }, team])
  const connectionId = connection?.connectionId ?? ''
  expect(signals).toMatchObject([
    { kind: EvidenceKind.CONNECTION, value: connectionId, connectionId, trusted: true },
    { ...organizer, connectionId, trusted: false },
    { ...team, connectionId, trusted: false },
  ])
  // Two webhooks of one organizer are nothing unusual.
  const second = await connect([organizer])
  expect(second.signals).toMatchObject([{ kind: EvidenceKind.CONNECTION }])

  const own = { companyId, signalId: signals[0]?.signalId ?? '' }
  expect(await codeOf(harness.directory.endSignal(own))).toBe('failed_precondition')
  await harness.directory.deactivateConnection({ companyId, connectionId })
  const { connection: ended, signals: left } = await harness.directory.getConnection({ companyId, connectionId })
  expect(ended?.deactivatedAt).toBeInstanceOf(Date)
  expect(left).toHaveLength(3)
  for (const { validUntil } of left) expect(validUntil).toEqual(ended?.deactivatedAt)
  expect(await codeOf(harness.directory.rotateConnectionSecret({ companyId, connectionId, secret: 'secret-two' }))).toBe(
    'failed_precondition',
  )
  const asIngress = harness.clientsWith(harness.authority.issuer('webhook-ingress'))
  const { connection: secrets } = await asIngress.directory.getConnectionSecrets({ connectionId })
  expect(secrets?.deactivatedAt).toEqual(ended?.deactivatedAt)
  const told = (await toldOf(companyId, 2 + 4 + 2 + 4)).filter(({ envelope }) => envelope.subject === connectionId)
  expect(told.map(({ body }) => decodePayload('frontdesk.connection.changed.v1', Buffer.from(body)).deactivatedAt)).toEqual([
    undefined,
    ended?.deactivatedAt,
  ])
  expect((await harness.directory.listConnections({ companyId })).connections.map((each) => each.connectionId)).toEqual([
    connectionId,
    second.connection?.connectionId,
  ])

  // What the first connection vouched for until its end, a third one vouches for from then on.
  const third = await connect([organizer])
  expect(third.signals).toMatchObject([{}, { ...organizer, validFrom: ended?.deactivatedAt, validUntil: undefined }])
})

test.each([
  ['retell', EvidenceKind.TEAM, '1', /^account: events of retell say voice_agent .* no team/],
  ['retell', EvidenceKind.PHONE_NUMBER, '+4930123456', /^account: .*AddPhoneNumber/],
  ['standard', EvidenceKind.TEAM, '1', /^account: events of standard say nothing/],
  ['stripe', EvidenceKind.STRIPE_ACCOUNT, 'cus_1', /^value: give an account’s id/],
  ['calcom', EvidenceKind.METADATA, 'x', /^account: /],
  ['calcom', EvidenceKind.UNSPECIFIED, 'x', /^account: /],
])('an account of %s is not known by %s %s', async (provider, kind, value, message) => {
  const companyId = await aCompany()
  const request = { companyId, provider, secret: 'secret-one', account: [{ kind, value }] }
  await expect(harness.directory.createConnection(request)).rejects.toMatchObject({
    publicMessage: expect.stringMatching(message) as string,
  })
  expect((await harness.directory.listConnections({ companyId })).connections).toEqual([])
})

test('no secret is in an audit entry or an event, only that there is another one', async () => {
  const companyId = await aCompany()
  const secrets = ['canary-one-of-the-connection', 'canary-two-of-the-connection']
  const { connection } = await harness.directory.createConnection({ companyId, provider: 'calcom', secret: secrets[0] ?? '' })
  const connectionId = connection?.connectionId ?? ''
  const rotation = { companyId, connectionId, secret: secrets[1] ?? '' }
  await harness.directory.rotateConnectionSecret(rotation)
  await harness.directory.rotateConnectionSecret({ ...rotation, revokePrevious: true })
  const entries = await auditOf(companyId, connectionId)
  expect(entries).toMatchObject([
    { action: 'connection.created', after: { secret: '[masked]', secretVersion: 1 } },
    { action: 'connection.secret_rotated', before: { secret: '[masked]', secretVersion: 1 }, after: { secretVersion: 2 } },
    { action: 'connection.previous_secret_revoked' },
  ])
  const told = await toldOf(companyId, 2 + 2 + 2)
  const all = JSON.stringify([entries, told], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  expect(all).toContain(connectionId)
  for (const secret of secrets) expect(all).not.toContain(secret)
})

test('the audit pages from the newest to the oldest, of a company for whom its token names, and of all for an operator alone', async () => {
  const [companyId, other] = [await aCompany(), await aCompany()]
  await harness.directory.updateCompany({ companyId, name: 'A' })
  await harness.directory.updateCompany({ companyId, name: 'B' })
  const seen: string[] = []
  let pageToken = ''
  do {
    // Each page names the next.
    const page = await harness.audit.listAuditEntries({ companyId, pageSize: 1, pageToken })
    seen.push(...page.entries.map(({ action }) => action))
    pageToken = page.nextPageToken
  } while (pageToken)
  expect(seen).toEqual(['company.updated', 'company.updated', 'signal.added', 'company.created'])

  const everything = await harness.audit.listAuditEntries({ pageSize: 4 })
  expect(everything.entries.map((entry) => entry.companyId)).toEqual([companyId, companyId, other, other])
  const issuer = harness.authority.issuer('console')
  const { audit } = harness.clientsWith({ issue: (request) => issuer.issue({ ...request, companies: [companyId] }) })
  expect((await audit.listAuditEntries({ companyId })).entries).toHaveLength(4)
  expect((await audit.listAuditEntries({ companyId, subjectId: other })).entries).toEqual([])
  expect(await codeOf(audit.listAuditEntries({}))).toBe('permission_denied')
  expect(await codeOf(audit.listAuditEntries({ companyId: other }))).toBe('permission_denied')
  expect(await codeOf(harness.audit.listAuditEntries({ subjectId: other }))).toBe('invalid_argument')
})

test('what can’t be taken is refused with its field’s name', async () => {
  const companyId = await aCompany()
  const refusals: [Promise<unknown>, RegExp][] = [
    [harness.directory.updateCompany({ companyId, name: '' }), /^name: /],
    [harness.directory.updateCompany({ companyId, timeZone: 'Mars' }), /^time_zone: /],
    [harness.branches.createBranch({ companyId, name: '\n' }), /^name: /],
    [harness.branches.getBranch({ companyId, branchId: 'mitte' }), /^branch_id: /],
    [harness.branches.addPhoneNumber({ companyId, number: '030 123' }), /^number: .*E\.164/],
    [harness.branches.addPhoneNumber({ companyId, number: aNumber(), validFrom: new Date(2), validUntil: new Date(1) }), /^valid_until: /],
    [harness.branches.endPhoneNumber({ companyId, phoneNumberId: 'x' }), /^phone_number_id: /],
    [harness.branches.portPhoneNumber({ companyId, phoneNumberId: newId('phn'), toCompanyId: 'x' }), /^to_company_id: /],
    [harness.directory.deactivateConnection({ companyId, connectionId: 'x' }), /^connection_id: /],
    [harness.audit.listAuditEntries({ companyId, pageToken: 'x' }), /^page_token: /],
  ]
  const outcomes = await Promise.allSettled(refusals.map(([work]) => work))
  for (const [index, [, message]] of refusals.entries()) {
    const publicMessage = expect.stringMatching(message) as string
    expect(outcomes[index]).toMatchObject({ status: 'rejected', reason: { code: 'invalid_argument', publicMessage } })
  }
})
