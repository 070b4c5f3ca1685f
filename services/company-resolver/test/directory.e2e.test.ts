import { type CompanyId, decodePayload, EvidenceKind, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { type ErrorCode, isFrontdeskError } from '@frontdesk/errors'
import { fixedToken } from '@frontdesk/rpc'
import { createTestAuthority } from '@frontdesk/rpc/testing'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsOf, startHarness, storedIn } from './harness.ts'

let harness: Awaited<ReturnType<typeof startHarness>>
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | 'answered'> {
  try {
    await work
    return 'answered'
  } catch (error) {
    if (isFrontdeskError(error)) return error.code
    throw error
  }
}

async function aCompany(name = 'Salon'): Promise<CompanyId> {
  const { company } = await harness.directory.createCompany({ name, timeZone: 'Europe/Berlin' })
  return vouchForCompanyId(company?.companyId ?? '')
}

const asIngress = () => clientsOf(harness.service.rpcPort, harness.authority.issuer('webhook-ingress'), harness.telemetry).directory

test('a company is found by what it was made of, and lists page through all of them', async () => {
  const ids = [await aCompany('A'), await aCompany('B'), await aCompany('C')]
  const { company } = await harness.directory.getCompany({ companyId: ids[0] ?? '' })
  expect(company).toMatchObject({ companyId: ids[0], name: 'A', timeZone: 'Europe/Berlin', deactivatedAt: undefined })

  const seen: string[] = []
  let pageToken = ''
  do {
    // Each page names the next.
    const page = await harness.directory.listCompanies({ pageSize: 2, pageToken })
    seen.push(...page.companies.map(({ companyId }) => companyId))
    pageToken = page.nextPageToken
  } while (pageToken)
  expect(seen).toEqual([...new Set(seen)].toSorted())
  expect(seen).toEqual(expect.arrayContaining(ids))
})

test('a connection that is made or rotated is told of to its company’s subject, with ids and version and no secret', async () => {
  const companyId = await aCompany()
  const secrets = ['the first secret', 'the second secret'] as const
  const { connection } = await harness.directory.createConnection({ companyId, provider: 'calcom', secret: secrets[0] })
  const connectionId = connection?.connectionId ?? ''
  await harness.directory.rotateConnectionSecret({ companyId, connectionId, secret: secrets[1] })
  await harness.directory.rotateConnectionSecret({ companyId, connectionId, secret: secrets[1] })
  const version = (await asIngress().getConnectionSecrets({ connectionId })).connection?.version ?? 0n

  const told = await eventually(async () => {
    const found = (await storedIn(harness.bus, 'COMPANY')).filter(({ envelope }) => envelope.subject === connectionId)
    expect(found).toHaveLength(2)
    return found
  })
  for (const { subject, envelope, body } of told) {
    expect(subject).toBe(`company.${companyId}.connection.changed`)
    expect(envelope).toMatchObject({ type: 'frontdesk.connection.changed.v1', companyId, revision: 1 })
    expect(secrets.some((secret) => body.includes(secret))).toBe(false)
  }
  expect(told.map(({ body }) => decodePayload('frontdesk.connection.changed.v1', Buffer.from(body)))).toEqual([
    { connectionId, provider: 'calcom', version: version - 1n },
    { connectionId, provider: 'calcom', version },
  ])
})

test('only the ingress reads secrets, the current and the previous one, by a version that rises with each change', async () => {
  const companyId = await aCompany()
  const directory = asIngress()
  const create = (secret: string) => harness.directory.createConnection({ companyId, provider: 'calcom', secret })
  const first = (await create('secret-one')).connection?.connectionId ?? ''
  const second = (await create('secret-two')).connection?.connectionId ?? ''
  const before = await directory.listConnectionSecrets({ afterVersion: 0n })
  expect(before.connections.slice(-2).map(({ connectionId }) => connectionId)).toEqual([first, second])
  const cursor = before.nextAfterVersion
  expect({ cursor, hasMore: before.hasMore }).toEqual({ cursor: before.connections.at(-1)?.version, hasMore: false })
  expect(await directory.listConnectionSecrets({ pageSize: 1 })).toMatchObject({
    hasMore: true,
    nextAfterVersion: before.connections[0]?.version,
  })

  const rotate = () => harness.directory.rotateConnectionSecret({ companyId, connectionId: first, secret: 'secret-new' })
  expect((await rotate()).connection?.secretVersion).toBe(2)
  expect((await rotate()).connection?.secretVersion).toBe(2)
  const { connections } = await directory.listConnectionSecrets({ afterVersion: cursor })
  expect(connections).toEqual([
    {
      connectionId: first,
      provider: 'calcom',
      currentSecret: 'secret-new',
      previousSecret: 'secret-one',
      previousUntil: expect.any(Date) as Date,
      version: cursor + 1n,
    },
  ])
  expect((connections[0]?.previousUntil?.getTime() ?? 0) / 3_600_000).toBeCloseTo(Date.now() / 3_600_000 + 24, 1)
  expect((await directory.getConnectionSecrets({ connectionId: first })).connection).toEqual(connections[0])
  expect(await codeOf(directory.getConnectionSecrets({ connectionId: newId('con') }))).toBe('not_found')
  await harness.directory.rotateConnectionSecret({ companyId, connectionId: first, secret: 'secret-new', revokePrevious: true })
  const revoked = (await directory.getConnectionSecrets({ connectionId: first })).connection
  expect(revoked).toMatchObject({ currentSecret: 'secret-new', previousSecret: '', version: cursor + 2n })

  expect(await codeOf(directory.listConnectionSecrets({ pageSize: 1_000 }))).toBe('answered')
  expect(await codeOf(directory.listConnectionSecrets({ pageSize: 1_001 }))).toBe('invalid_argument')
  expect(await codeOf(harness.directory.listConnectionSecrets({}))).toBe('permission_denied')
  expect(await codeOf(harness.directory.getConnectionSecrets({ connectionId: first }))).toBe('permission_denied')
})

test('a company’s id and its connections are signals from the beginning, and nobody can claim a connection by hand', async () => {
  const companyId = await aCompany()
  const { connection } = await harness.directory.createConnection({ companyId, provider: 'calcom', secret: 'secret-one' })
  const value = connection?.connectionId ?? ''
  const { signals } = await harness.directory.listSignals({ companyId })
  const always = { companyId, validFrom: undefined, validUntil: undefined }
  expect(signals).toMatchObject([
    { kind: EvidenceKind.METADATA, value: companyId, ...always },
    { kind: EvidenceKind.CONNECTION, value, ...always },
  ])
  const claim = harness.directory.addSignal({ companyId: await aCompany(), kind: EvidenceKind.CONNECTION, value })
  expect(await codeOf(claim)).toBe('invalid_argument')
})

test('a signal is kept in its one form, may be shared by two companies, and stands twice for none', async () => {
  const [a, b] = [await aCompany(), await aCompany()]
  const add = (companyId: string, value: string) => harness.directory.addSignal({ companyId, kind: EvidenceKind.PHONE_NUMBER, value })
  const { signal } = await add(a, '+4930222222')
  expect(signal?.value).toBe('+4930222222')
  expect(await codeOf(add(b, '+4930222222'))).toBe('answered')
  expect(await codeOf(add(a, '+4930222222'))).toBe('already_exists')

  const validUntil = new Date()
  const ended = await harness.directory.endSignal({ companyId: a, signalId: signal?.signalId ?? '', validUntil })
  expect(ended.signal).toMatchObject({ value: '+4930222222', validUntil })
  const again = { companyId: a, kind: EvidenceKind.PHONE_NUMBER, value: '+4930222222', validFrom: validUntil }
  expect(await codeOf(harness.directory.addSignal(again))).toBe('answered')
  expect(await codeOf(harness.directory.endSignal({ companyId: b, signalId: signal?.signalId ?? '' }))).toBe('not_found')
})

test('what can’t be taken is refused with its field’s name', async () => {
  const companyId = await aCompany()
  const year12000 = new Date(Date.UTC(12_000, 0))
  const refusals: [Promise<unknown>, ErrorCode][] = [
    [harness.directory.createCompany({ name: '', timeZone: 'UTC' }), 'invalid_argument'],
    [harness.directory.createCompany({ name: 'a\u0000b', timeZone: 'UTC' }), 'invalid_argument'],
    [harness.directory.createCompany({ name: 'A', timeZone: 'Mars/Olympus' }), 'invalid_argument'],
    [harness.directory.getCompany({ companyId: 'salon' }), 'invalid_argument'],
    [harness.directory.getCompany({ companyId: newId('cmp') }), 'not_found'],
    [harness.directory.deactivateCompany({ companyId: newId('cmp') }), 'not_found'],
    [harness.directory.listCompanies({ pageToken: 'two' }), 'invalid_argument'],
    [harness.directory.listCompanies({ pageSize: 201 }), 'invalid_argument'],
    [harness.directory.createConnection({ companyId, provider: 'fax', secret: 'secret-one' }), 'invalid_argument'],
    [harness.directory.createConnection({ companyId, provider: 'calcom', secret: 'short' }), 'invalid_argument'],
    [harness.directory.createConnection({ companyId: newId('cmp'), provider: 'calcom', secret: 'secret-one' }), 'not_found'],
    [harness.directory.rotateConnectionSecret({ companyId, connectionId: newId('con'), secret: 'secret-one' }), 'not_found'],
    [harness.directory.addSignal({ companyId, value: 'x' }), 'invalid_argument'],
    [harness.directory.addSignal({ companyId, kind: EvidenceKind.ENTITY, value: companyId }), 'invalid_argument'],
    [harness.directory.addSignal({ companyId, kind: EvidenceKind.PHONE_NUMBER, value: '030' }), 'invalid_argument'],
    [harness.directory.addSignal({ companyId, kind: EvidenceKind.PHONE_NUMBER, value: '+49 (0)30 123456' }), 'invalid_argument'],
    [harness.directory.addSignal({ companyId, kind: EvidenceKind.TEAM, value: '1', validFrom: new Date(-1) }), 'invalid_argument'],
    [harness.directory.addSignal({ companyId, kind: EvidenceKind.TEAM, value: '1', validUntil: year12000 }), 'invalid_argument'],
    [harness.directory.endSignal({ companyId, signalId: newId('sig'), validUntil: year12000 }), 'invalid_argument'],
    [harness.directory.endSignal({ companyId, signalId: 'sig' }), 'invalid_argument'],
    [harness.directory.endSignal({ companyId, signalId: newId('sig') }), 'not_found'],
    [harness.attribution.getAttribution({ eventId: 'e' }), 'invalid_argument'],
    [harness.attribution.getAttribution({ eventId: '0'.repeat(64) }), 'not_found'],
    [harness.attribution.listQuarantine({ pageToken: 'x' }), 'invalid_argument'],
  ]
  expect(await Promise.all(refusals.map(([work]) => codeOf(work)))).toEqual(refusals.map(([, code]) => code))
})

test('a deactivated company takes nothing new, and its first end stays', async () => {
  const companyId = await aCompany()
  const first = await harness.directory.deactivateCompany({ companyId })
  expect(first.company?.deactivatedAt).toBeInstanceOf(Date)
  expect(await harness.directory.deactivateCompany({ companyId })).toEqual(first)
  const addSignal = harness.directory.addSignal({ companyId, kind: EvidenceKind.TEAM, value: '1' })
  expect(await codeOf(addSignal)).toBe('failed_precondition')
})

test('a caller reaches its own company alone, and without a good token nothing at all', async () => {
  const [own, other] = [await aCompany(), await aCompany()]
  const { directory, attribution, operations } = harness
  const companies = [own]
  expect(await codeOf(directory.getCompany({ companyId: own }, { companies }))).toBe('answered')
  expect(await codeOf(directory.listSignals({ companyId: own }, { companies }))).toBe('answered')
  expect(await codeOf(directory.getCompany({ companyId: other }, { companies }))).toBe('permission_denied')
  expect(await codeOf(directory.listSignals({ companyId: other }, { companies }))).toBe('permission_denied')
  const forAll = [
    directory.createCompany({ name: 'A', timeZone: 'UTC' }, { companies }),
    directory.listCompanies({}, { companies }),
    directory.deactivateCompany({ companyId: own }, { companies }),
    directory.createConnection({ companyId: own, provider: 'calcom', secret: 'secret-one' }, { companies }),
    directory.rotateConnectionSecret({ companyId: own, connectionId: newId('con'), secret: 'secret-one' }, { companies }),
    directory.addSignal({ companyId: own, kind: EvidenceKind.TEAM, value: '1' }, { companies }),
    directory.endSignal({ companyId: own, signalId: newId('sig') }, { companies }),
    asIngress().listConnectionSecrets({}, { companies }),
    attribution.listQuarantine({}, { companies }),
    attribution.releaseEvent({ eventId: 'ab'.repeat(32), companyId: own }, { companies }),
    operations.getConservation({}, { companies }),
  ]
  expect(new Set(await Promise.all(forAll.map(codeOf)))).toEqual(new Set(['permission_denied']))

  await using stranger = await createTestAuthority()
  const otherAudience = await harness.authority.issuer('cli').issue({ audience: 'booking', companies: 'all' })
  for (const issuer of [stranger.issuer('cli'), fixedToken(otherAudience), fixedToken('nonsense')]) {
    const clients = clientsOf(harness.service.rpcPort, issuer, harness.telemetry)
    const calls = [
      clients.directory.listCompanies({}),
      clients.attribution.getAttribution({ eventId: '0'.repeat(64) }),
      clients.operations.getConservation({}),
    ]
    expect(new Set(await Promise.all(calls.map(codeOf)))).toEqual(new Set(['token_invalid']))
  }
})
