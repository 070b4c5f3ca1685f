import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from '../../src/stack/manifest.ts'
import { base64Canaries, type Canary, textCanaries } from './canary.ts'
import { canariesOf } from './connections.ts'

/** The secrets of a rotation that is under way, as an ingress is told them. */
export function previousSecrets(): Readonly<Record<string, string>> {
  const hex = () => randomBytes(24).toString('hex')
  return {
    RETELL_API_KEY_PREVIOUS: `key_${hex()}`,
    STRIPE_WEBHOOK_SECRET_PREVIOUS: `whsec_${hex()}`,
    STRIPE_THIN_WEBHOOK_SECRET: `whsec_${hex()}`,
    STRIPE_THIN_WEBHOOK_SECRET_PREVIOUS: `whsec_${hex()}`,
    WHATSAPP_APP_SECRET_PREVIOUS: hex(),
  }
}

export interface PlatformSecrets {
  readonly vaultKeys: string
  readonly canaries: readonly Canary[]
}

/** What the operator of a stack holds: the providers' secrets, the key ring, the credentials, the operator's key and token. */
export async function platformSecrets(keysDirectory: string, manifest: Manifest): Promise<PlatformSecrets> {
  const file = async (name: string) => JSON.parse(await readFile(join(keysDirectory, name), 'utf8')) as Record<string, string>
  const { vaultKeys = '', checkoutId: _isNoSecret, ...texts } = await file('secrets.json')
  const { d = '' } = await file('operator.jwk.json')
  const credentials = (await readdir(keysDirectory)).filter((name) => name.endsWith('.credential'))
  const ofServices = await Promise.all(
    credentials.map(async (name) => textCanaries(name, (await readFile(join(keysDirectory, name), 'utf8')).trim())),
  )
  return {
    vaultKeys,
    canaries: [
      ...base64Canaries('key of the vault', vaultKeys.slice(vaultKeys.indexOf(':') + 1)),
      ...Object.entries(texts).flatMap(([name, text]) => textCanaries(name, text)),
      ...textCanaries('key of the operator', d),
      ...textCanaries('token of the operator', manifest.operatorToken.slice(-40)),
      ...ofServices.flat(),
      ...manifest.companies.flatMap(({ name, calcom, standard }) => [
        ...canariesOf(`secret of ${name} at Cal.com`, calcom.secret),
        ...canariesOf(`secret of ${name}’s own system`, standard.secret),
      ]),
      // How every token of ours begins: nobody has to know one to find it.
      { name: 'a token', bytes: Buffer.from(Buffer.from('{"alg":"EdDSA",').toString('base64url')) },
    ],
  }
}
