import { Branch, Company, Connection, EvidenceKind, PhoneNumber, Signal } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { operatorForEachTest } from './operator.ts'
import { startStack } from './stack.ts'
import { run } from './terminal.ts'

const operator = operatorForEachTest()
const at = new Date('2026-11-22T09:00:00Z')
const companyId = 'cmp_01h455vb4pex5vsknk084sn02q'
const aurora = Company.fromPartial({ companyId, name: 'Salon Aurora', timeZone: 'Europe/Berlin', createdAt: at })
const page = { pageSize: 50, pageToken: '' }

/** Methods that note what they are asked, each with its one answer. */
function noted<Answers extends Record<string, object>>(answers: Answers) {
  const asked: [string, unknown][] = []
  const methods = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      (request: object) => {
        asked.push([name, request])
        return Promise.resolve(answer)
      },
    ]),
  ) as { [Name in keyof Answers]: (request: object) => Promise<Answers[Name]> }
  return { asked, methods }
}

test('companies are listed, shown, made, changed and switched, by id or by the beginning of a name', async () => {
  const { asked, methods } = noted({
    listCompanies: { companies: [aurora], nextPageToken: '' },
    getCompany: { company: aurora },
    createCompany: { company: aurora },
    updateCompany: { company: aurora },
    deactivateCompany: { company: { ...aurora, deactivatedAt: at } },
    reactivateCompany: { company: aurora },
  })
  const cli = await operator({ companies: methods })
  expect((await cli('companies', 'list')).out).toMatch(
    /COMPANY .*NAME\ncmp_01h455vb4pex5vsknk084sn02q {2}Europe\/Berlin {2}- +Salon Aurora$/,
  )
  expect((await cli('companies', 'show', 'aurora')).err).toContain('No company is called "aurora"')
  expect((await cli('companies', 'show', 'salon')).out).toContain(companyId)
  expect((await cli('companies', 'create', '--name', 'Salon Aurora', '--time-zone', 'Europe/Berlin')).code).toBe(0)
  expect((await cli('companies', 'update', companyId, '--name', 'Aurora')).code).toBe(0)
  expect((await cli('companies', 'deactivate', 'Salon Aurora')).out).toMatch(/Deactivated +2026-11-22T09:00:00.000Z/)
  const answer = await cli('companies', 'reactivate', companyId, '--json')
  expect(JSON.parse(answer.out)).toEqual({ company: Company.toJSON(aurora) })
  expect(asked.filter(([name]) => name !== 'listCompanies')).toEqual([
    ['getCompany', { companyId }],
    ['createCompany', { name: 'Salon Aurora', timeZone: 'Europe/Berlin' }],
    ['updateCompany', { companyId, name: 'Aurora', timeZone: undefined }],
    ['deactivateCompany', { companyId }],
    ['reactivateCompany', { companyId }],
  ])
})

test('branches and phone numbers of a company are listed, made, changed and ended, and times may be durations back', async () => {
  const branch = Branch.fromPartial({ branchId: 'brn_1', companyId, name: 'Mitte', timeZone: 'Europe/Berlin', createdAt: at })
  const phoneNumber = PhoneNumber.fromPartial({
    phoneNumberId: 'phn_1',
    companyId,
    branchId: 'brn_1',
    number: '+4930123456',
    validFrom: at,
  })
  const { asked, methods } = noted({
    listBranches: { branches: [branch], nextPageToken: 'brn_1' },
    getBranch: { branch },
    createBranch: { branch },
    updateBranch: { branch },
    deactivateBranch: { branch },
    listPhoneNumbers: { phoneNumbers: [phoneNumber], nextPageToken: '' },
    addPhoneNumber: { phoneNumber },
    endPhoneNumber: { phoneNumber: { ...phoneNumber, validUntil: at } },
    portPhoneNumber: { phoneNumber, ported: { ...phoneNumber, companyId: 'cmp_2' } },
  })
  const cli = await operator({ branches: methods })
  const company = ['--company', companyId]
  const listed = await cli('branches', 'list', ...company)
  expect(listed).toMatchObject({ out: expect.stringContaining('Mitte') as string, err: 'More: --page-token brn_1' })
  expect((await cli('branches', 'show', 'brn_1', ...company)).out).toMatch(/Time zone +Europe\/Berlin/)
  await cli('branches', 'create', '--name', 'Mitte', ...company)
  await cli('branches', 'update', 'brn_1', '--time-zone', 'Europe/Vienna', ...company)
  await cli('branches', 'deactivate', 'brn_1', ...company)
  expect((await cli('phone-numbers', 'list', ...company)).out).toMatch(/\+4930123456 {2}phn_1 +brn_1 +from 2026-11-22T09:00:00.000Z$/)
  await cli('phone-numbers', 'add', '+4930123456', '--branch', 'brn_1', '--from', '1h', ...company)
  expect((await cli('phone-numbers', 'end', 'phn_1', '--at', '2026-11-23', ...company)).out).toMatch(/Valid .*until 2026-11-22T09/)
  const port = await cli('phone-numbers', 'port', 'phn_1', '--to', 'cmp_2', ...company, '--json')
  expect(JSON.parse(port.out)).toMatchObject({ phoneNumber: { companyId }, ported: { companyId: 'cmp_2' } })
  const nothing = { validFrom: undefined, validUntil: undefined }
  expect(asked).toEqual([
    ['listBranches', { companyId, ...page }],
    ['getBranch', { companyId, branchId: 'brn_1' }],
    ['createBranch', { companyId, name: 'Mitte', timeZone: '' }],
    ['updateBranch', { companyId, branchId: 'brn_1', name: undefined, timeZone: 'Europe/Vienna' }],
    ['deactivateBranch', { companyId, branchId: 'brn_1' }],
    ['listPhoneNumbers', { companyId, ...page }],
    ['addPhoneNumber', { companyId, branchId: 'brn_1', number: '+4930123456', ...nothing, validFrom: at }],
    ['endPhoneNumber', { companyId, phoneNumberId: 'phn_1', validUntil: new Date('2026-11-23T00:00:00Z') }],
    ['portPhoneNumber', { companyId, phoneNumberId: 'phn_1', toCompanyId: 'cmp_2', toBranchId: '', portedAt: undefined }],
  ])
})

test('a connection is made with its secret asked for and what is known of its account, and shown with its signals', async () => {
  const connection = Connection.fromPartial({ connectionId: 'con_1', companyId, provider: 'calcom', secretVersion: 1, createdAt: at })
  const signal = Signal.fromPartial({ signalId: 'sig_1', companyId, kind: EvidenceKind.EVENT_TYPE, value: '42', connectionId: 'con_1' })
  const { asked, methods } = noted({
    createConnection: { connection, signals: [signal] },
    getConnection: { connection, signals: [signal] },
    listConnections: { connections: [connection], nextPageToken: '' },
    deactivateConnection: { connection: { ...connection, deactivatedAt: at } },
    listSignals: { signals: [signal], nextPageToken: '' },
    addSignal: { signal },
    endSignal: { signal: { ...signal, validUntil: at } },
  })
  await using stack = await startStack({ companies: methods })
  const cli = (...argv: string[]) =>
    run([...argv, '--company', companyId], { cwd: stack.directory, ask: async (_, options) => (options?.hidden ? 'typed by hand' : '') })
  const account = 'organizer_email=hello@salon.example,event_type=42'
  const made = await cli('connections', 'create', '--provider', 'calcom', '--account', account)
  expect(made.out).toMatch(/Connection +con_1[^]*SIGNAL[^]*sig_1 +event type +always +42$/)
  expect(made.out + made.err).not.toContain('typed by hand')
  expect(JSON.parse((await cli('connections', 'show', 'con_1', '--json')).out)).toEqual({
    connection: Connection.toJSON(connection),
    signals: [Signal.toJSON(signal)],
  })
  expect((await cli('connections', 'list')).out).toMatch(/con_1 +calcom +version 1 +2026-11-22T09:00:00.000Z +-$/)
  expect((await cli('connections', 'deactivate', 'con_1')).out).toMatch(/Deactivated +2026/)
  expect((await cli('signals', 'list')).out).toMatch(/sig_1 +event type +no +always +42$/)
  await cli('signals', 'add', 'event-type', '42', '--until', '1h')
  expect((await cli('signals', 'end', 'sig_1')).out).toMatch(/Derived from +con_1/)
  expect(asked).toEqual([
    [
      'createConnection',
      {
        companyId,
        provider: 'calcom',
        secret: 'typed by hand',
        account: [
          { kind: EvidenceKind.ORGANIZER_EMAIL, value: 'hello@salon.example' },
          { kind: EvidenceKind.EVENT_TYPE, value: '42' },
        ],
      },
    ],
    ['getConnection', { companyId, connectionId: 'con_1' }],
    ['listConnections', { companyId, ...page }],
    ['deactivateConnection', { companyId, connectionId: 'con_1' }],
    ['listSignals', { companyId, ...page }],
    ['addSignal', { companyId, kind: EvidenceKind.EVENT_TYPE, value: '42', validFrom: undefined, validUntil: at }],
    ['endSignal', { companyId, signalId: 'sig_1', validUntil: undefined }],
  ])
})

test('the audit says who has changed what into what, and nothing where nothing was changed', async () => {
  const asked: unknown[] = []
  const entry = {
    auditEntryId: 'aud_1',
    companyId,
    action: 'company.updated',
    subjectId: companyId,
    caller: 'console',
    actor: 'usr_ada',
    changedAt: at,
    before: { name: 'Salon', timeZone: 'Europe/Berlin' },
    after: { name: 'Salon \u001b[31mAurora', timeZone: 'Europe/Berlin' },
    directoryVersion: 7n,
  }
  const entries = [[entry], [entry], []]
  const cli = await operator({
    audit: {
      listAuditEntries: (request) => {
        asked.push(request)
        return Promise.resolve({ entries: entries.shift() ?? [], nextPageToken: '' })
      },
    },
  })
  const { out } = await cli('audit', 'list')
  expect(out).toMatch(
    /2026-11-22T09:00:00.000Z {2}usr_ada \(console\) +cmp_\w+ +company\.updated +cmp_\w+ +name: "Salon" → "Salon .*Aurora"$/,
  )
  expect(out).not.toContain('\u001b')
  const shown: unknown = JSON.parse((await cli('audit', 'list', '--company', companyId, '--subject', 'con_1', '--json')).out)
  expect(shown).toMatchObject({ entries: [{ before: entry.before, after: entry.after, directoryVersion: '7' }], nextPageToken: '' })
  expect((await cli('audit', 'list', '--limit', '1')).out).toBe('Nothing was changed.')
  expect(asked).toEqual([
    { companyId: '', subjectId: '', ...page },
    { companyId, subjectId: 'con_1', ...page },
    { companyId: '', subjectId: '', pageSize: 1, pageToken: '' },
  ])
})
