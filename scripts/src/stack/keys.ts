import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createTokenIssuer, generateKeyPair, type PrivateJwk, readPrivateJwk } from '@frontdesk/rpc'
import { openCredentials } from './credentials.ts'
import { readJson, writeJson } from './json-file.ts'
import { type CallerName, serviceNames } from './manifest.ts'

const dayMs = 24 * 60 * 60 * 1000

interface Secrets {
  /** `id:base64`, as VAULT_KEYS takes it. */
  readonly vaultKeys: string
  readonly retellApiKey: string
  readonly stripeApiKey: string
  readonly stripeWebhookSecret: string
  readonly whatsappAccessToken: string
  readonly whatsappAppSecret: string
  readonly whatsappVerifyToken: string
  readonly calcomApiKey: string
  /** Of every service's database user. */
  readonly databasePassword: string
  /** 8 hex digits that tell this checkout's things from another's on the same servers. */
  readonly checkoutId: string
}

/** The keys of a development stack; they stay the same over restarts, as the data does. */
export interface StackKeys extends Secrets {
  /** The operator's public key; everybody else's are identity's. */
  readonly jwksFile: string
  /** identity's list of the services' credentials. */
  readonly credentialsFile: string
  readonly credentialFile: (caller: CallerName) => string
  /** Issues a day's token for every company and every service. */
  issueOperatorToken(): Promise<string>
}

/** Reads the keys of a folder, and makes those that are missing. */
export async function openKeys(directory: string): Promise<StackKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const jwksFile = join(directory, 'jwks.json')
  const operator = await openOperatorKey(join(directory, 'operator.jwk.json'))
  const { d: _, ...publicJwk } = operator
  await writeJson(jwksFile, { keys: [publicJwk] })
  // Of before identity gave the tokens: a key that nobody signs with any more.
  await rm(join(directory, 'webhook-ingress.jwk.json'), { force: true })
  return {
    jwksFile,
    ...(await openCredentials(directory)),
    ...(await openSecrets(join(directory, 'secrets.json'))),
    async issueOperatorToken() {
      const issuer = createTokenIssuer({ privateJwk: operator, caller: 'operator' })
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

/** The operator's key; where there is none, or none that can be read, a new one. */
async function openOperatorKey(file: string): Promise<PrivateJwk> {
  try {
    return await readPrivateJwk(file)
  } catch {
    const { privateJwk } = await generateKeyPair(`operator-${randomBytes(4).toString('hex')}`, ['operator'])
    await writeJson(file, privateJwk)
    return privateJwk
  }
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
    stripeApiKey: take('stripeApiKey', () => `sk_test_${randomBytes(16).toString('hex')}`),
    stripeWebhookSecret: take('stripeWebhookSecret', () => `whsec_${randomBytes(24).toString('hex')}`),
    whatsappAccessToken: take('whatsappAccessToken', () => `EAA${randomBytes(24).toString('hex')}`),
    whatsappAppSecret: take('whatsappAppSecret', () => randomBytes(16).toString('hex')),
    whatsappVerifyToken: take('whatsappVerifyToken', () => randomBytes(16).toString('hex')),
    calcomApiKey: take('calcomApiKey', () => `cal_${randomBytes(16).toString('hex')}`),
    databasePassword: take('databasePassword', () => randomBytes(16).toString('hex')),
    checkoutId: take('checkoutId', () => randomBytes(4).toString('hex')),
  }
  await writeJson(file, secrets)
  return secrets
}
