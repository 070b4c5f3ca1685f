import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { AccountServiceDefinition, newId, TokenServiceDefinition, UserServiceDefinition } from '@frontdesk/contracts'
import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { createHttpServer } from '@frontdesk/http'
import { createRpcServer, createTokenVerifier, forAllCompanies, generateKeyPair } from '@frontdesk/rpc'
import { startAdmin, startTelemetry } from '@frontdesk/service'
import { createTelemetry, type Logger } from '@frontdesk/telemetry'
import { createVault, parseKeyRing } from '@frontdesk/vault'
import { acceptInvitation } from './app/accept-invitation.ts'
import { createAttempts } from './app/attempts.ts'
import { createAudit } from './app/audit.ts'
import { confirmSecondFactor } from './app/confirm-second-factor.ts'
import { createUser } from './app/create-user.ts'
import { enrolSecondFactor } from './app/enrol-second-factor.ts'
import { inviteUser } from './app/invite-user.ts'
import { issueServiceToken } from './app/issue-service-token.ts'
import { issueUserToken } from './app/issue-user-token.ts'
import { logIn } from './app/log-in.ts'
import { keepSigningKeyFresh, rotateSigningKey } from './app/rotate-signing-key.ts'
import { useSession } from './app/use-session.ts'
import { createServiceCredentials } from './clients/service-credentials.ts'
import type { Config } from './config.ts'
import { createPasswordHasher } from './crypto/passwords.ts'
import { randomness } from './crypto/randomness.ts'
import { createKeyChain } from './crypto/token-signer.ts'
import { createTotp } from './crypto/totp.ts'
import * as schema from './db/schema/index.ts'
import { sealAnew } from './db/seal-anew.ts'
import { createSecondFactorStore } from './db/second-factor-store.ts'
import { createSessionStore } from './db/session-store.ts'
import { createSigningKeyStore } from './db/signing-key-store.ts'
import { sweep } from './db/sweep.ts'
import { createThrottle } from './db/throttle.ts'
import { createUserStore } from './db/user-store.ts'
import { registerJwksRoute } from './http/jwks-route.ts'
import { createAccountService } from './rpc/account-service.ts'
import { createTokenService } from './rpc/token-service.ts'
import { createUserService } from './rpc/user-service.ts'

const name = 'identity'
/** What people administer with: no service makes accounts, whatever its credential is good for. */
const administrators = ['operator', 'cli', 'console']
const sweepEveryMs = 60 * 60 * 1_000
/** Holds the largest QR code. What strangers send is normalized and hashed before anything else stops them, so no more than that. */
const maxMessageBytes = 256 * 1024

/** A running identity service: where it listens. Disposing it lets calls under way finish. */
export interface Identity extends AsyncDisposable {
  /** Of the JWKS. */
  readonly url: string
  readonly adminUrl: string
  readonly rpcPort: number
}

/** What a test can put in place of the real thing. */
export interface IdentityOverrides {
  readonly now?: () => Date
}

/** Brings the database to the current schema; safe to run from several replicas at once. */
export async function migrateIdentity(config: Config): Promise<void> {
  await using telemetry = createTelemetry({ service: name, logLevel: config.LOG_LEVEL })
  await migrate(config.MYSQL_URL.reveal(), config.MIGRATIONS_DIR, telemetry)
}

/** Starts identity; only its database has to be there. */
export async function startIdentity(config: Config, { now = () => new Date() }: IdentityOverrides = {}): Promise<Identity> {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(startTelemetry(name, config))
  const { logger, metrics } = telemetry
  const database = starting.use(
    openDatabase({ url: config.MYSQL_URL.reveal(), poolSize: config.MYSQL_POOL_SIZE, companyTables: companyTablesOf(schema), telemetry }),
  )
  const vault = createVault({ keys: parseKeyRing(config.VAULT_KEYS.reveal()) })
  await sealAnew(database, vault, logger)
  const events = metrics.counter('identity_events_total', 'What happened to accounts, by event and outcome.', ['event', 'outcome'])
  const audit = createAudit({ log: (fields, message) => logger.info(fields, message), count: (labels) => events.inc(labels) })

  const chain = createKeyChain({ now, ttlMs: config.TOKEN_TTL_MS, staleAfterMs: config.KEY_LEAD_MS })
  const keys = createSigningKeyStore(database, vault, { makeKey: () => makeKey(now()), now })
  const policy = {
    signsForMs: config.KEY_SIGNS_FOR_MS,
    leadMs: config.KEY_LEAD_MS,
    overlapMs: config.TOKEN_TTL_MS + config.CLOCK_SKEW_MS,
  }
  const rotation = { keys, policy, now }
  const keepFresh = keepSigningKeyFresh(rotation)
  async function reloadKeys(): Promise<void> {
    await keepFresh()
    chain.use(await keys.load())
  }
  await reloadKeys()
  starting.use(repeat(reloadKeys, config.KEY_RELOAD_MS, logger, 'the signing keys can’t be read again; those at hand serve on'))
  starting.use(repeat(() => sweep(database, now()), sweepEveryMs, logger, 'what is over could not be swept'))

  const users = createUserStore(database, vault)
  const sessions = createSessionStore(database)
  const factors = createSecondFactorStore(database, vault)
  const passwords = createPasswordHasher()
  const totp = createTotp()
  const rules = {
    account: { attempts: config.LOGIN_ATTEMPTS_PER_ACCOUNT, windowMs: config.LOGIN_WINDOW_MS },
    address: { attempts: config.LOGIN_ATTEMPTS_PER_ADDRESS, windowMs: config.LOGIN_WINDOW_MS },
  }
  const attempts = createAttempts(createThrottle(database, now), rules, audit)
  const open = useSession({ users, sessions, now })
  const credentials = createServiceCredentials(config.SERVICE_CREDENTIALS_FILE, { now, logger })

  const rpc = createRpcServer({
    telemetry,
    maxMessageBytes,
    verifier: createTokenVerifier({
      audience: name,
      logger,
      clock: now,
      keySource: { name: 'our own keys', read: async () => new Map(chain.published().map((jwk) => [jwk.kid, jwk])) },
      jwksFile: config.JWKS_FILE,
    }),
  })
  rpc.addOpen(
    AccountServiceDefinition,
    createAccountService({
      logIn: logIn({ users, sessions, passwords, totp, factors, randomness, attempts, audit, now, newId }),
      logOut: (token) => sessions.revoke(token, now()),
      issueUserToken: issueUserToken({ open, signer: chain }),
      acceptInvitation: acceptInvitation({ users, passwords, audit, now }),
      enrolSecondFactor: enrolSecondFactor({ open, factors, passwords, totp, attempts, audit, now }),
      confirmSecondFactor: confirmSecondFactor({ open, factors, totp, randomness, attempts, audit, now, newId }),
    }),
  )
  rpc.addOpen(TokenServiceDefinition, createTokenService({ issueServiceToken: issueServiceToken({ credentials, signer: chain, audit }) }))
  const administration = createUserService({
    users,
    sessions,
    factors,
    keys,
    createUser: createUser({ users, randomness, audit, now, newId }),
    inviteUser: inviteUser({ users, randomness, audit, now }),
    rotateSigningKey: async (by) => {
      const key = await rotateSigningKey({ ...rotation, audit })(by)
      chain.use(await keys.load())
      return key
    },
    audit,
    now,
  })
  rpc.add(UserServiceDefinition, forAllCompanies(administration, administrators))
  starting.use(rpc)
  const rpcPort = await rpc.listen(`${config.RPC_HOST}:${config.RPC_PORT}`)

  const server = createHttpServer({ telemetry, bodyLimitBytes: 1_024 })
  registerJwksRoute(server, () => chain.published())
  starting.defer(() => server.close())
  const url = await server.listen({ host: config.HTTP_HOST, port: config.HTTP_PORT })

  const admin = starting.use(
    await startAdmin({
      port: config.ADMIN_PORT,
      host: config.ADMIN_HOST,
      telemetry,
      ready: async () => {
        await database.ping()
        return { ready: chain.state === 'ok', checks: { mysql: 'ok', signingKey: chain.state } }
      },
    }),
  )
  const owned = starting.move()
  return { url, adminUrl: admin.url, rpcPort, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function makeKey(at: Date) {
  const { privateJwk } = await generateKeyPair(`identity-${at.toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`, ['*'])
  return privateJwk
}

/** Does the work again and again, with a pause between; a failure is logged, and the next time comes. */
function repeat(work: () => Promise<void>, pauseMs: number, logger: Logger, failure: string): AsyncDisposable {
  const stop = new AbortController()
  const pause = () => wait(pauseMs, undefined, { signal: stop.signal }).catch(() => undefined)
  const repeating = (async () => {
    await pause()
    while (!stop.signal.aborted) {
      await work().catch((err: unknown) => logger.warn({ err }, failure))
      await pause()
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await repeating
    },
  }
}
