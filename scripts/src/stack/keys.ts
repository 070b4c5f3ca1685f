import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTokenIssuer, generateKeyPair, readPrivateJwk } from '@frontdesk/rpc'
import { serviceNames } from './manifest.ts'

/** The callers that have a key of their own, besides the operator. */
const callers = ['webhook-ingress', 'operator'] as const
const dayMs = 24 * 60 * 60 * 1000

interface Secrets {
  /** `id:base64`, as VAULT_KEYS takes it. */
  readonly vaultKeys: string
  readonly retellApiKey: string
  readonly stripeWebhookSecret: string
  readonly whatsappAppSecret: string
  readonly whatsappVerifyToken: string
  /** Of every service's database user. */
  readonly databasePassword: string
  /** 8 hex digits that tell this checkout's things from another's on the same servers. */
  readonly checkoutId: string
}

/** The keys of a development stack; they stay the same over restarts, as the data does. */
export interface StackKeys extends Secrets {
  readonly jwksFile: string
  /** identity's list of the services' credentials: none as long as they have keys. */
  readonly credentialsFile: string
  readonly callerKeyFile: (caller: (typeof callers)[number]) => string
  /** Issues a day's token for every company and every service. */
  issueOperatorToken(): Promise<string>
}

/** Reads the keys of a folder, and makes those that are missing. */
export async function openKeys(directory: string): Promise<StackKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const jwksFile = join(directory, 'jwks.json')
  const callerKeyFile = (caller: string) => join(directory, `${caller}.jwk.json`)
  const credentialsFile = join(directory, 'credentials.json')
  // A directory of before identity has none; one that `frontdesk credentials create` wrote stays.
  await writeFile(credentialsFile, '{"credentials":[]}\n', { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  if (!(await areCallerKeysWhole(jwksFile, callerKeyFile))) {
    const pairs = await Promise.all(callers.map((caller) => generateKeyPair(`${caller}-${randomBytes(4).toString('hex')}`, [caller])))
    await Promise.all(callers.map((caller, index) => writeJson(callerKeyFile(caller), pairs[index]?.privateJwk)))
    await writeJson(jwksFile, { keys: pairs.map(({ publicJwk }) => publicJwk) })
  }
  return {
    jwksFile,
    credentialsFile,
    callerKeyFile,
    ...(await openSecrets(join(directory, 'secrets.json'))),
    async issueOperatorToken() {
      const issuer = createTokenIssuer({ privateJwk: await readPrivateJwk(callerKeyFile('operator')), caller: 'operator' })
      return issuer.issue({ audience: [...serviceNames], companies: 'all', actor: 'dev', ttlMs: dayMs })
    },
  }
}

/**
 * The vault's key ring. Several checkouts can use one given server, and each service opens all that is sealed there:
 * so whoever has that server's password has its key.
 */
export function keyRing(ownKey: string, givenMysqlUrl: string | undefined): string {
  if (givenMysqlUrl === undefined) return ownKey
  const password = decodeURIComponent(new URL(givenMysqlUrl).password)
  return `shared:${createHmac('sha256', password).update('frontdesk development vault').digest('base64')},${ownKey}`
}

async function areCallerKeysWhole(jwksFile: string, callerKeyFile: (caller: string) => string): Promise<boolean> {
  const published = await readJson(jwksFile)
  const kids: unknown[] = Array.isArray(published['keys']) ? published['keys'].map((key: { kid?: unknown } | null) => key?.kid) : []
  const isWhole = async (caller: string) => {
    const { kid } = await readPrivateJwk(callerKeyFile(caller))
    return kids.includes(kid)
  }
  const whole = await Promise.all(callers.map((caller) => isWhole(caller).catch(() => false)))
  return whole.every(Boolean)
}

/** A file of an older checkout lacks what was added since: that alone is made anew. */
async function openSecrets(file: string): Promise<Secrets> {
  const written = await readJson(file)
  const take = (name: keyof Secrets, fresh: () => string) => {
    const value = written[name]
    return typeof value === 'string' && value !== '' ? value : fresh()
  }
  const secrets: Secrets = {
    vaultKeys: take('vaultKeys', () => `dev:${randomBytes(32).toString('base64')}`),
    retellApiKey: take('retellApiKey', () => `key_${randomBytes(16).toString('hex')}`),
    stripeWebhookSecret: take('stripeWebhookSecret', () => `whsec_${randomBytes(24).toString('base64url')}`),
    whatsappAppSecret: take('whatsappAppSecret', () => randomBytes(16).toString('hex')),
    whatsappVerifyToken: take('whatsappVerifyToken', () => randomBytes(16).toString('hex')),
    databasePassword: take('databasePassword', () => randomBytes(16).toString('hex')),
    checkoutId: take('checkoutId', () => randomBytes(4).toString('hex')),
  }
  await writeJson(file, secrets)
  return secrets
}

/** Empty when there is none, or nothing of use in it. */
async function readJson(file: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** In one step, so that a start that is killed leaves no half of a file. */
async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}
