import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  AccountServiceDefinition,
  ClientKind,
  type LogInRequest,
  TokenServiceDefinition,
  UserServiceDefinition,
} from '@frontdesk/contracts'
import { createRpcClient, createTokenIssuer, credentialEntry, generateCredential, noToken, type TokenSource } from '@frontdesk/rpc'
import { createTestAuthority } from '@frontdesk/rpc/testing'
import { loadConfig } from '@frontdesk/service'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { createConnection } from 'mysql2/promise'
import { generateSync } from 'otplib'
import { type Config, configSchema } from '../src/config.ts'
import { type Identity, migrateIdentity, startIdentity } from '../src/service.ts'

export const password = 'correct horse battery'

/** The clients of one replica, each with the errors of a real one. */
type Clients = ReturnType<typeof clientsOf>['clients']

/** One or several replicas of identity on a database of its own, with a clock that the test turns. */
export async function startHarness(settings: Record<string, string> = {}, { replicas = 1 } = {}) {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const authority = starting.use(await createTestAuthority())
  const { url: mysqlUrl } = starting.use(await createTestDatabase())
  const directory = dirname(authority.jwksFile)
  const credential = generateCredential()
  const credentialsFile = join(directory, 'credentials.json')
  const credentialFile = join(directory, 'messaging.credential')
  await writeFile(credentialFile, `${credential}\n`)
  await writeCredentials(credentialsFile, { messaging: [credential] })

  const config = loadConfig(configSchema, {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    RPC_HOST: '127.0.0.1',
    RPC_PORT: '0',
    MYSQL_URL: mysqlUrl,
    JWKS_FILE: authority.jwksFile,
    SERVICE_CREDENTIALS_FILE: credentialsFile,
    VAULT_KEYS: `test:${randomBytes(32).toString('base64')}`,
    LOGIN_ATTEMPTS_PER_ACCOUNT: '1000',
    LOGIN_ATTEMPTS_PER_ADDRESS: '100000',
    LOG_LEVEL: 'silent',
    ...settings,
  })
  await migrateIdentity(config)
  const clock = { offsetMs: 0 }
  const now = () => new Date(Date.now() + clock.offsetMs)
  const operator = createTokenIssuer({ privateJwk: authority.keyPair.privateJwk, caller: 'operator', clock: now })
  const running: { identity: Identity; clients: Clients }[] = []
  for (let index = 0; index < replicas; index++) {
    const identity = starting.use(await startIdentity(config, { now }))
    const { clients, owned } = clientsOf(identity.rpcPort, operator, telemetry)
    starting.use(owned)
    running.push({ identity, clients })
  }
  const [first] = running
  if (!first) throw new Error('no replica')
  const owned = starting.move()
  const { accounts, users, tokens } = first.clients

  const codeOf = (secret: string, at = now()) => generateSync({ secret, epoch: Math.floor(at.getTime() / 1_000) })
  /** Past the next beginning of a code's 30 s, so that the last code does not stand in the way. */
  const nextCode = () => {
    clock.offsetMs += 30_000 - (now().getTime() % 30_000) + 1_000
  }

  let count = 0
  /** A user who has accepted the invitation, and has no second factor yet. */
  async function newcomer(options: { companyIds?: string[]; operator?: boolean } = {}) {
    const email = `user${(count += 1)}@salon.example`
    const { companyIds = [], operator = companyIds.length === 0 } = options
    const { user, invitation } = await users.createUser({ email, name: 'Ada', companyIds, operator })
    await accounts.acceptInvitation({ invitationToken: invitation?.invitationToken ?? '', password })
    return { email, userId: user?.userId ?? '' }
  }

  /** A user with a second factor, its secret, its recovery codes, and a session. */
  async function member(options: { companyIds?: string[]; operator?: boolean } = {}) {
    const { email, userId } = await newcomer(options)
    const first = await logIn(email)
    const begun = await accounts.enrolSecondFactor({ sessionToken: first.sessionToken, password })
    const secret = new URL(begun.otpauthUri).searchParams.get('secret') ?? ''
    const { recoveryCodes, session } = await accounts.confirmSecondFactor({ sessionToken: first.sessionToken, totpCode: codeOf(secret) })
    nextCode()
    return { email, userId, secret, recoveryCodes, sessionToken: session?.sessionToken ?? '', firstToken: first.sessionToken }
  }

  async function logIn(email: string, secondFactor?: LogInRequest['secondFactor'], given = password, client = accounts) {
    const { session } = await client.logIn({ email, password: given, secondFactor, client: ClientKind.CLI })
    if (!session) throw new Error('no session')
    return session
  }

  async function sql(statement: string, params: (string | number)[] = []) {
    const connection = await createConnection(mysqlUrl)
    try {
      const [rows] = await connection.query(statement, params)
      return rows as Record<string, unknown>[]
    } finally {
      await connection.end()
    }
  }

  return {
    telemetry,
    authority,
    config,
    clock,
    now,
    replicas: running,
    identity: first.identity,
    accounts,
    users,
    tokens,
    credential,
    credentialFile,
    writeCredentials: (byCaller: Record<string, string[]>) => writeCredentials(credentialsFile, byCaller),
    codeOf,
    nextCode,
    newcomer,
    member,
    logIn,
    sql,
    jwksUrl: `${first.identity.url}/.well-known/jwks.json`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type Harness = Awaited<ReturnType<typeof startHarness>>
export type { Config }

function clientsOf(rpcPort: number, issuer: TokenSource, telemetry: ReturnType<typeof createTestTelemetry>) {
  const owned = new AsyncDisposableStack()
  const options = { address: `127.0.0.1:${rpcPort}`, audience: 'identity', telemetry, deadlineMs: 15_000 }
  const clients = {
    accounts: owned.use(createRpcClient(AccountServiceDefinition, { ...options, issuer: noToken() })),
    tokens: owned.use(createRpcClient(TokenServiceDefinition, { ...options, issuer: noToken() })),
    users: owned.use(createRpcClient(UserServiceDefinition, { ...options, issuer: issuer })),
  }
  return { clients, owned }
}

async function writeCredentials(file: string, byCaller: Record<string, string[]>): Promise<void> {
  const credentials = Object.entries(byCaller).flatMap(([caller, secrets]) =>
    secrets.map((secret) => credentialEntry(secret, { caller, audiences: ['booking', 'billing'], allCompanies: true })),
  )
  await writeFile(file, JSON.stringify({ credentials }))
}

/** The outcome of calls, by error code, `ok` for those that worked. */
export async function outcomes(calls: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const result of await Promise.allSettled(calls)) {
    const name = result.status === 'fulfilled' ? 'ok' : codeOfError(result.reason)
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

function codeOfError(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
