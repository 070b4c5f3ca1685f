import {
  AccountServiceDefinition,
  ClientKind,
  type CompanyId,
  newId,
  TokenServiceDefinition,
  UserServiceDefinition,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { createRpcClient, createTokenIssuer } from '@frontdesk/rpc'
import { answersToOwn, probeIsolation, unknownLike } from '@frontdesk/rpc/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, password, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

async function aCompany() {
  const companyId = vouchForCompanyId(newId('cmp'))
  const member = await harness.member({ companyIds: [companyId] })
  const { userId, email } = member
  const requests = {
    createUser: { email: `new-${email}`, name: 'New', companyIds: [companyId] },
    getUser: { userId },
    inviteUser: { userId },
    revokeSessions: { userId },
    resetSecondFactor: { userId },
    disableUser: { userId },
    rotateSigningKey: {},
    listSigningKeys: {},
  }
  return { ...member, companyId, requests, marks: [companyId, userId, email] }
}

function users(companies: readonly CompanyId[] | 'all') {
  const issuer = createTokenIssuer({ privateJwk: harness.authority.keyPair.privateJwk, caller: 'operator', clock: harness.now })
  return createRpcClient(UserServiceDefinition, {
    address: `127.0.0.1:${harness.identity.rpcPort}`,
    audience: 'identity',
    telemetry: harness.telemetry,
    issuer: { issue: (request) => issuer.issue({ ...request, companies: companies === 'all' ? companies : [...companies] }) },
  })
}

test('of users, a company’s token is refused, and alike, whomever it asks for', async () => {
  const [mine, theirs] = [await aCompany(), await aCompany()]
  const probes = await probeIsolation({ service: UserServiceDefinition, client: users, mine, theirs })
  expect(new Set(probes.map(({ method }) => method))).toEqual(new Set(Object.keys(UserServiceDefinition.methods)))
  for (const { method, field, caller, foreign, missing } of probes) {
    const what = `${caller} ${method} ${field}`
    expect([what, foreign]).toEqual([what, missing])
    expect([what, foreign.code]).toEqual([what, 'permission_denied'])
    for (const mark of theirs.marks) expect(foreign.bytes, what).not.toContain(mark)
  }
  const codes = await answersToOwn({ service: UserServiceDefinition, client: users }, mine)
  expect(Object.keys(codes).toSorted()).toEqual(Object.keys(UserServiceDefinition.methods).toSorted())
  expect(new Set(Object.values(codes))).toEqual(new Set(['answered']))
})

/** An answer or a refusal, as whoever asks sees it. */
async function saidOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    if (!isFrontdeskError(error)) throw error
    return { code: error.code, said: error.publicMessage }
  }
}

/** By what somebody could name another's things in these methods; `proofs` names nothing: whoever has them is who they are of. */
const namesIn: Readonly<Record<string, 'email' | 'companyIds' | 'proofs'>> = {
  logIn: 'email',
  logOut: 'proofs',
  issueUserToken: 'companyIds',
  acceptInvitation: 'proofs',
  enrolSecondFactor: 'proofs',
  confirmSecondFactor: 'proofs',
  // A service acts for whichever company it names; what its credential is not good for, tokens.e2e.test.ts has.
  issueServiceToken: 'proofs',
}

test('of accounts, another company’s and its users read as what does not exist', async () => {
  const methods = [...Object.keys(AccountServiceDefinition.methods), ...Object.keys(TokenServiceDefinition.methods)]
  expect(Object.keys(namesIn).toSorted()).toEqual(methods.toSorted())
  const [mine, theirs] = [await aCompany(), await aCompany()]
  const { accounts } = harness
  // The own password and code: they are right, and another's account is none of theirs.
  const secondFactor = { $case: 'totpCode', value: harness.codeOf(mine.secret) } as const
  const logIn = (email: string) => saidOf(accounts.logIn({ email, password, secondFactor, client: ClientKind.CLI }))
  const wrong = await logIn(unknownLike(theirs.email))
  expect(wrong).toMatchObject({ code: 'token_invalid' })
  expect(await logIn(theirs.email)).toEqual(wrong)

  const tokenFor = (...companyIds: string[]) =>
    saidOf(accounts.issueUserToken({ sessionToken: mine.sessionToken, audience: ['booking'], companyIds }))
  const nobodys = await tokenFor(newId('cmp'))
  expect(nobodys).toMatchObject({ code: 'permission_denied' })
  expect(await tokenFor(theirs.companyId)).toEqual(nobodys)
  expect(await tokenFor(mine.companyId, theirs.companyId)).toEqual(nobodys)
  expect(await tokenFor(mine.companyId)).toMatchObject({ token: expect.any(String) })
})
