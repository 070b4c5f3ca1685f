import { setTimeout as sleep } from 'node:timers/promises'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LedgerServiceDefinition, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { openDatabase } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import {
  createIdentityTokens,
  createRpcClient,
  createRpcServer,
  createTokenSigner,
  createTokenVerifier,
  credentialEntry,
  generateCredential,
} from '@frontdesk/rpc'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually } from '@frontdesk/testing'
import { createVault, parseKeyRing } from '@frontdesk/vault'
import { decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createServiceCredentials } from '../src/clients/service-credentials.ts'
import { createSigningKeyStore } from '../src/db/signing-key-store.ts'
import { type Harness, outcomes, startHarness } from './harness.ts'

let harness: Harness
let owned: AsyncDisposableStack
beforeEach(() => {
  owned = new AsyncDisposableStack()
})
afterEach(() => owned.disposeAsync())

/** Keys that live for seconds, so that a test sees all of their lives. */
const hasty = { TOKEN_TTL_MS: '2000', CLOCK_SKEW_MS: '500', KEY_LEAD_MS: '1500', KEY_RELOAD_MS: '100' }

async function start(settings: Record<string, string> = {}, replicas = 1) {
  harness = owned.use(await startHarness(settings, { replicas }))
}

function verifier(audience = 'booking') {
  return createTokenVerifier({ jwksUrl: harness.jwksUrl, audience, logger: harness.telemetry.logger, clock: harness.now })
}

function source(replica = 0) {
  const rpcPort = harness.replicas[replica]?.identity.rpcPort
  return owned.use(
    createIdentityTokens({
      address: `127.0.0.1:${rpcPort}`,
      credentialFile: harness.credentialFile,
      telemetry: harness.telemetry,
      clock: harness.now,
    }),
  )
}

/** A token that our key of that kid signs for an hour, which identity itself never would. */
async function signedFor(kid: string, ms: number): Promise<string> {
  await using database = openDatabase({ url: harness.config.MYSQL_URL.reveal(), companyTables: new Set(), telemetry: harness.telemetry })
  const vault = createVault({ keys: parseKeyRing(harness.config.VAULT_KEYS.reveal()) })
  const store = createSigningKeyStore(database, vault, { makeKey: () => Promise.reject(new Error('none is made')), now: harness.now })
  const key = (await store.load()).find((found) => found.kid === kid)
  if (!key) throw new Error(`no key ${kid}`)
  return createTokenSigner(key.jwk)({
    caller: 'messaging',
    audience: 'booking',
    companies: 'all',
    issuedAtMs: harness.now().getTime(),
    ttlMs: ms,
  })
}

test('a service’s credential gives tokens in its name; the next one does too, and a removed one no longer', async () => {
  await start()
  const company = vouchForCompanyId(newId('cmp'))
  const token = await source().issue({ audience: 'booking', companies: [company], actor: 'usr_1' })
  expect(await verifier().verify(token)).toEqual({ caller: 'messaging', companies: new Set([company]), actor: 'usr_1' })
  expect((await verifier().verify(await source().issue({ audience: ['booking', 'billing'], companies: 'all' }))).companies).toBe('all')

  const ask = (credential: string, allCompanies = true) =>
    harness.tokens.issueServiceToken({ credential, audience: ['booking'], allCompanies })
  expect(await outcomes([ask('fdc_wrong'), ask(''), ask('x'.repeat(1_000)), ask(harness.credential, false)])).toEqual({
    token_invalid: 3,
    invalid_argument: 1,
  })
  await harness.writeCredentials({ messaging: [harness.credential, 'the next one'] })
  harness.clock.offsetMs += 1_000
  expect(await outcomes([ask(harness.credential), ask('the next one')])).toEqual({ ok: 2 })
  await harness.writeCredentials({ messaging: ['the next one'] })
  harness.clock.offsetMs += 1_000
  expect(await outcomes([ask(harness.credential), ask('the next one')])).toEqual({ ok: 1, token_invalid: 1 })
})

test('a credential gives no token beyond what it was made for: not for identity’s administration, not for all companies', async () => {
  await start()
  const credential = generateCredential()
  const ask = (audience: string[], allCompanies = false) =>
    harness.tokens.issueServiceToken({ credential, audience, allCompanies, companyIds: allCompanies ? [] : [newId('cmp')] })
  const list = (entry: object) =>
    writeFile(harness.config.SERVICE_CREDENTIALS_FILE, JSON.stringify({ credentials: [entry] })).then(
      () => (harness.clock.offsetMs += 1_000),
    )
  const entry = credentialEntry(credential, { caller: 'messaging', audiences: ['booking'], allCompanies: false })
  await list(entry)
  expect(await outcomes([ask(['booking'])])).toEqual({ ok: 1 })
  expect(await outcomes([ask(['identity']), ask(['booking', 'identity']), ask(['booking'], true)])).toEqual({ permission_denied: 3 })
  // An entry that names nothing gives nothing.
  await list({ caller: entry.caller, sha256: entry.sha256 })
  expect(await outcomes([ask(['booking'])])).toEqual({ permission_denied: 1 })
})

test('calls of one kind share a token, which is renewed beside them from half of its life on', async () => {
  await start()
  const tokens = source()
  const issue = () => tokens.issue({ audience: 'booking', companies: 'all' })
  const [first, ...others] = await Promise.all(Array.from({ length: 20 }, issue))
  expect(new Set(others)).toEqual(new Set([first]))
  harness.clock.offsetMs += 140_000
  expect(await issue()).toBe(first)
  harness.clock.offsetMs += 20_000
  expect(await issue()).toBe(first)
  await eventually(async () => expect(await issue()).not.toBe(first))
})

test('while identity is away, tokens that it gave still serve and verify, and a new kind is unavailable', async () => {
  await start()
  const [tokens, checks] = [source(), verifier()]
  const issue = () => tokens.issue({ audience: 'booking', companies: 'all' })
  const token = await issue()
  await checks.verify(token)
  await harness.identity[Symbol.asyncDispose]()
  harness.clock.offsetMs += 200_000
  expect(await issue()).toBe(token)
  expect((await checks.verify(token)).caller).toBe('messaging')
  expect(await outcomes([tokens.issue({ audience: 'billing', companies: 'all' })])).toEqual({ unavailable: 1 })
  harness.clock.offsetMs += 100_000
  expect(await outcomes([issue(), checks.verify(token)])).toEqual({ unavailable: 1, token_expired: 1 })
  // Whoever asks again within the second is told at once, and the log has one line for each time that identity was asked.
  const [startedAt, lines] = [performance.now(), harness.telemetry.lines.length]
  expect(await outcomes(Array.from({ length: 100 }, issue))).toEqual({ unavailable: 100 })
  expect(performance.now() - startedAt).toBeLessThan(200)
  expect(harness.telemetry.lines).toHaveLength(lines)
  harness.clock.offsetMs += 1_000
  expect(await outcomes(Array.from({ length: 100 }, issue))).toEqual({ unavailable: 100 })
  expect(harness.telemetry.lines).toHaveLength(lines + 1)
})

test('through two rotations no call fails, and a rotated-out key’s token is refused once its overlap is over', async () => {
  await start(hasty, 2)
  const server = owned.use(createRpcServer({ telemetry: harness.telemetry, verifier: verifier() }))
  const absent = () => Promise.reject(new FrontdeskError('not_found', { publicMessage: 'none' }))
  server.add(LedgerServiceDefinition, {
    getEvent: absent,
    getDelivery: absent,
    reprocessEvents: absent,
    listEvents: async () => ({ events: [], nextPageToken: '' }),
  })
  const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`
  const sources = [source(0), source(1)]
  const kids = new Set<string>()
  const clients = sources.map((issuer) =>
    owned.use(
      createRpcClient(LedgerServiceDefinition, {
        address,
        audience: 'booking',
        telemetry: harness.telemetry,
        issuer: {
          async issue(request) {
            const token = await issuer.issue(request)
            kids.add(String(decodeProtectedHeader(token).kid))
            return token
          },
        },
      }),
    ),
  )
  let calls = 0
  const failures: unknown[] = []
  const stop = new AbortController()
  const callers = Array.from({ length: 8 }, async (_, index) => {
    while (!stop.signal.aborted) {
      await clients[index % 2]?.listEvents({}).catch((error: unknown) => failures.push(error))
      calls += 1
      await sleep(5)
    }
  })

  const [old] = (await harness.users.listSigningKeys({})).signingKeys
  const cold = verifier()
  for (let rotation = 1; rotation <= 2; rotation++) {
    const { signingKey } = await harness.users.rotateSigningKey({})
    expect(await outcomes([harness.users.rotateSigningKey({})])).toEqual({ failed_precondition: 1 })
    expect([...kids]).not.toContain(signingKey?.kid)
    await eventually(() => expect([...kids]).toContain(signingKey?.kid), { timeoutMs: 10_000 })
    if (rotation > 1) continue
    // Within its overlap the old key's token is good; after it, not, though the token says an hour.
    const lasting = await signedFor(old?.kid ?? '', 3_600_000)
    expect((await cold.verify(lasting)).caller).toBe('messaging')
    const ended = (await harness.users.listSigningKeys({})).signingKeys.find(({ kid }) => kid === old?.kid)?.verifiesUntil?.getTime() ?? 0
    expect(ended).toBeGreaterThan(Date.now())
    await sleep(ended - Date.now())
    expect(await outcomes([cold.verify(lasting), verifier().verify(lasting)])).toEqual({ token_invalid: 2 })
    expect(await outcomes([verifier().verify(await signedFor(signingKey?.kid ?? '', 3_600_000))])).toEqual({ ok: 1 })
  }
  await sleep(3_000)
  stop.abort()
  await Promise.all(callers)
  expect(failures).toEqual([])
  expect(calls).toBeGreaterThan(500)
  expect(kids.size).toBe(3)
  console.log(`${calls} calls through 2 rotations, ${failures.length} failed, ${kids.size} keys`)
}, 60_000)

test('a verifier that can’t read the JWKS any more still refuses a key whose end it was told', async () => {
  await start(hasty)
  const [old] = (await harness.users.listSigningKeys({})).signingKeys
  await harness.users.rotateSigningKey({})
  const lasting = await signedFor(old?.kid ?? '', 3_600_000)
  const checks = verifier()
  await checks.verify(lasting)
  await harness.identity[Symbol.asyncDispose]()
  expect((await checks.verify(lasting)).caller).toBe('messaging')
  harness.clock.offsetMs += 5_000
  expect(await outcomes([checks.verify(lasting)])).toEqual({ token_invalid: 1 })
})

test('keys follow each other by themselves, one for all replicas; their private halves are sealed', async () => {
  await start({ ...hasty, KEY_SIGNS_FOR_MS: '2000' }, 3)
  const [first] = (await harness.users.listSigningKeys({})).signingKeys
  const found = await eventually(
    async () => {
      const { signingKeys } = await harness.users.listSigningKeys({})
      expect(signingKeys[0]?.kid).not.toBe(first?.kid)
      return signingKeys
    },
    { timeoutMs: 10_000 },
  )
  expect(found).toHaveLength(2)
  const response = await fetch(harness.jwksUrl)
  expect(response.headers.get('content-type')).toContain('application/jwk-set+json')
  const text = await response.text()
  const { keys } = JSON.parse(text) as { keys: { kid: string; exp?: number }[] }
  expect(keys.map(({ kid }) => kid)).toContain(first?.kid)
  expect(text).not.toContain('"d"')
  const [row] = await harness.sql('select private_d from signing_keys')
  // Version 1 of the vault's form.
  expect(row?.['private_d']).toMatchObject({ 0: 1 })
})

test('a replica that can’t read the keys is not ready any more by the time that it could miss one', async () => {
  await start({ KEY_RELOAD_MS: '100' })
  const ready = async () => {
    const response = await fetch(`${harness.identity.adminUrl}/readyz`)
    return [response.status, ((await response.json()) as { checks: { signingKey: string } }).checks.signingKey]
  }
  const [row] = await harness.sql('select kid, hex(private_d) as sealed from signing_keys')
  // As if it were sealed by a vault key that this replica was not given.
  await harness.sql("update signing_keys set private_d = ''")
  await sleep(300)
  expect(await ready()).toEqual([200, 'ok'])
  harness.clock.offsetMs += 180_000
  expect(await ready()).toEqual([503, 'stale'])
  await harness.sql('update signing_keys set private_d = unhex(?)', [String(row?.['sealed'])])
  await eventually(async () => expect(await ready()).toEqual([200, 'ok']))
})

test('an unreadable list of credentials keeps the one before; none at all is no token, until there is one', async () => {
  await start()
  const file = harness.config.SERVICE_CREDENTIALS_FILE
  const ask = () => harness.tokens.issueServiceToken({ credential: harness.credential, audience: ['booking'], allCompanies: true })
  const list = await readFile(file)
  await rm(file)
  expect(await outcomes([ask()])).toEqual({ unavailable: 1 })
  await writeFile(file, list)
  expect(await outcomes([ask()])).toEqual({ ok: 1 })
  await rm(file)
  harness.clock.offsetMs += 2_000
  expect(await outcomes([ask()])).toEqual({ ok: 1 })
})

test('a file that is no list of credentials, but one of them, is not quoted in the log', async () => {
  await using telemetry = createTestTelemetry()
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-credentials-'))
  const file = join(directory, 'credentials.json')
  await writeFile(file, 'fdc_hunter2')
  const credentials = createServiceCredentials(file, { now: () => new Date(), logger: telemetry.logger })
  expect(await outcomes([credentials.grantOf('fdc_hunter2')])).toEqual({ unavailable: 1 })
  expect(telemetry.lines).toHaveLength(1)
  expect(JSON.stringify(telemetry.lines)).not.toContain('hunter2')
  await rm(directory, { recursive: true })
})
