import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BookingServiceDefinition, DirectoryServiceDefinition, newId, UserServiceDefinition, vouchForCompanyId } from '@frontdesk/contracts'
import { createIdentityTokens, createRpcClient, createTokenSigner, fixedToken, type TokenSource } from '@frontdesk/rpc'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually } from '@frontdesk/testing'
import { createVault, parseKeyRing } from '@frontdesk/vault'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { decodeProtectedHeader } from 'jose'
import { expect, test } from 'vitest'
import { keyRing } from '../src/stack/keys.ts'
import type { Stack } from '../src/stack/stack.ts'
import { startPrivateStack } from './private-stack.ts'

/** Keys and tokens that live for seconds, so that a test sees all of their lives. */
const hasty = { TOKEN_TTL_MS: '2000', CLOCK_SKEW_MS: '500', KEY_LEAD_MS: '1500', KEY_RELOAD_MS: '100' }

test('two rotations under the calls of every service fail none; a rotated-out key’s token is refused after its overlap, a new one’s accepted', async () => {
  await using stack = await startPrivateStack({ settings: { identity: hasty } })
  await using owned = new AsyncDisposableStack()
  const telemetry = owned.use(createTestTelemetry())
  const { manifest, directory } = stack
  const companyId = vouchForCompanyId(manifest.companies[0]?.id ?? '')
  const client = (address: string, audience: string, issuer: TokenSource) => ({ address, audience, issuer, telemetry, deadlineMs: 5_000 })

  // As services do it: each asks identity by its credential, and what it calls verifies by identity's JWKS.
  const kids = new Set<string>()
  const tokensOf = (caller: string): TokenSource => {
    const credentialFile = join(directory, 'keys', `${caller}.credential`)
    const tokens = owned.use(createIdentityTokens({ address: manifest.rpc.identity, credentialFile, telemetry }))
    return {
      async issue(request) {
        const token = await tokens.issue(request)
        kids.add(String(decodeProtectedHeader(token).kid))
        return token
      },
    }
  }
  const resolver = client(manifest.rpc['company-resolver'], 'company-resolver', tokensOf('webhook-ingress'))
  const secrets = owned.use(createRpcClient(DirectoryServiceDefinition, resolver))
  const bookingOf = (issuer: TokenSource) =>
    owned.use(createRpcClient(BookingServiceDefinition, client(manifest.rpc.booking, 'booking', issuer)))
  const appointments = bookingOf(tokensOf('messaging'))
  const identity = client(manifest.rpc.identity, 'identity', fixedToken(manifest.operatorToken))
  const administration = owned.use(createRpcClient(UserServiceDefinition, identity))

  const outcomes: Record<string, number> = {}
  const stop = new AbortController()
  const callAgainAndAgain = async (name: string, call: () => Promise<string>) => {
    while (!stop.signal.aborted) {
      const outcome = `${name}: ${await call().catch((error: unknown) => String(error))}`
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      await sleep(5)
    }
  }
  const calling = [
    callAgainAndAgain('resolver', () => secrets.listConnectionSecrets({ pageSize: 1 }).then(() => 'ok')),
    callAgainAndAgain('booking', () => appointments.listAppointments({ companyId }, { companies: [companyId] }).then(() => 'ok')),
    // The ingress has to ask the resolver, with a token of its own, before it can say that there is no such connection.
    callAgainAndAgain('ingress', () =>
      fetch(`${manifest.ingress.url}/v1/webhooks/calcom/${newId('con')}`, { method: 'POST', body: '{}' }).then(({ status }) => `${status}`),
    ),
  ]

  const ask = async (token: string) =>
    bookingOf(fixedToken(token))
      .listAppointments({ companyId })
      .then(
        () => 'ok',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
      )
  const [old] = (await administration.listSigningKeys({})).signingKeys
  for (let rotation = 1; rotation <= 2; rotation++) {
    const { signingKey } = await administration.rotateSigningKey({})
    await eventually(() => expect([...kids]).toContain(signingKey?.kid), { timeoutMs: 10_000 })
    if (rotation > 1) continue
    const [byOld, byNew] = await Promise.all([old?.kid, signingKey?.kid].map((kid) => signFor(stack, kid ?? '')))
    expect([await ask(byOld ?? ''), await ask(byNew ?? '')]).toEqual(['ok', 'ok'])
    const { signingKeys } = await administration.listSigningKeys({})
    const endsAt = signingKeys.find(({ kid }) => kid === old?.kid)?.verifiesUntil?.getTime() ?? 0
    await sleep(endsAt - Date.now())
    expect([await ask(byOld ?? ''), await ask(byNew ?? '')]).toEqual(['token_invalid', 'ok'])
  }
  await sleep(3_000)
  stop.abort()
  await Promise.all(calling)
  process.stdout.write(`${JSON.stringify(outcomes)} by ${kids.size} keys\n`)
  expect(Object.keys(outcomes).toSorted()).toEqual(['booking: ok', 'ingress: 404', 'resolver: ok'])
  const { 'ingress: 404': asked = 0, ...calls } = outcomes
  for (const count of Object.values(calls)) expect(count).toBeGreaterThan(100)
  // The ingress looks for unknown connections once a second.
  expect(asked).toBeGreaterThan(5)
  expect(kids.size).toBe(3)
}, 90_000)

/** An hour's token by a key of identity's, as whoever stole that key would make it. */
async function signFor(stack: Stack & { readonly directory: string }, kid: string): Promise<string> {
  const connection = await createConnection(stack.manifest.mysql.url)
  try {
    const statement = 'SELECT public_x AS x, private_d AS sealed FROM identity.signing_keys WHERE kid = ?'
    const [[row]] = await connection.query<RowDataPacket[]>(statement, [kid])
    const secrets = JSON.parse(await readFile(join(stack.directory, 'keys', 'secrets.json'), 'utf8')) as { vaultKeys: string }
    const vault = createVault({ keys: parseKeyRing(keyRing(secrets.vaultKeys, process.env.MYSQL_URL)) })
    const d = vault.open(row?.['sealed'] as Buffer, { table: 'signing_keys', column: 'private_d', row: kid })
    const privateJwk = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x: String(row?.['x']), d, callers: ['*'] } as const
    return await createTokenSigner(privateJwk)({
      caller: 'messaging',
      audience: 'booking',
      companies: 'all',
      issuedAtMs: Date.now(),
      ttlMs: 3_600_000,
    })
  } finally {
    await connection.end()
  }
}
