import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTokenIssuer, generateKeyPair, readPrivateJwk } from '@frontdesk/rpc'
import { serviceNames } from './manifest.ts'

/** The callers that have a key of their own, besides the operator. */
const callers = ['webhook-ingress', 'operator'] as const
const dayMs = 24 * 60 * 60 * 1000

/** The keys of a development stack; they stay the same over restarts, as the data does. */
export interface StackKeys {
  readonly jwksFile: string
  readonly callerKeyFile: (caller: (typeof callers)[number]) => string
  /** `id:base64`, as VAULT_KEYS takes it. */
  readonly vaultKeys: string
  readonly retellApiKey: string
  /** Of every service's database user. */
  readonly databasePassword: string
  /** Issues a day's token for every company and every service. */
  issueOperatorToken(): Promise<string>
}

export async function openKeys(directory: string): Promise<StackKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const jwksFile = join(directory, 'jwks.json')
  const callerKeyFile = (caller: string) => join(directory, `${caller}.jwk.json`)
  const secretsFile = join(directory, 'secrets.json')

  const written = await readFile(secretsFile, 'utf8').catch(() => undefined)
  if (written === undefined) {
    const pairs = await Promise.all(callers.map((caller) => generateKeyPair(`${caller}-${randomBytes(4).toString('hex')}`, [caller])))
    await Promise.all(callers.map((caller, index) => writeJson(callerKeyFile(caller), pairs[index]?.privateJwk)))
    await writeJson(jwksFile, { keys: pairs.map(({ publicJwk }) => publicJwk) })
    // Last, since its presence says that all of them are there.
    await writeJson(secretsFile, {
      vaultKeys: `dev:${randomBytes(32).toString('base64')}`,
      retellApiKey: `key_${randomBytes(16).toString('hex')}`,
      databasePassword: randomBytes(16).toString('hex'),
    })
  }
  const secrets = JSON.parse(await readFile(secretsFile, 'utf8')) as Pick<StackKeys, 'vaultKeys' | 'retellApiKey' | 'databasePassword'>

  return {
    jwksFile,
    callerKeyFile,
    ...secrets,
    async issueOperatorToken() {
      const issuer = createTokenIssuer({ privateJwk: await readPrivateJwk(callerKeyFile('operator')), caller: 'operator' })
      return issuer.issue({ audience: [...serviceNames], companies: 'all', actor: 'dev', ttlMs: dayMs })
    },
  }
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
}
