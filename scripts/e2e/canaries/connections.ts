import { randomBytes } from 'node:crypto'
import type { ProviderName } from '@frontdesk/providers'
import { base64Canaries, type Canary, textCanaries } from './canary.ts'
import type { Terminal } from './terminal.ts'

/** A secret that a provider signs with: a company's own, or the platform's. */
export interface PlantedConnection {
  readonly provider: ProviderName
  readonly connectionId: string | undefined
  readonly secret: string
}

const hex = () => randomBytes(24).toString('hex')
const standardKey = () => randomBytes(32).toString('base64')

/** As each provider writes its secrets; what a person chooses has what programs escape. */
const secretOf: Readonly<Record<ProviderName, () => string>> = {
  retell: () => `key_${hex()}`,
  calcom: () => `+${hex()}"/\\${hex()}=`,
  stripe: () => `whsec_${hex()}`,
  whatsapp: hex,
  standard: () => `whsec_${standardKey()}`,
}

/** Connects a company with every provider by the CLI, and rotates each secret once; none of them is told to anybody again. */
export async function plantConnections(
  terminal: Terminal,
  companyId: string,
): Promise<{ connections: PlantedConnection[]; canaries: Canary[] }> {
  const connections: PlantedConnection[] = []
  const canaries: Canary[] = []
  for (const provider of Object.keys(secretOf) as ProviderName[]) {
    const [first, second] = [secretOf[provider](), secretOf[provider]()]
    for (const [index, secret] of [first, second].entries()) canaries.push(...canariesOf(`secret ${index + 1} of ${provider}`, secret))
    const created = await terminal(['connections', 'create', '--provider', provider, '--company', companyId, '--json'], first)
    const { connectionId } = (JSON.parse(created.out) as { connection: { connectionId: string } }).connection
    const rotated = await terminal(['connections', 'rotate', connectionId, '--company', companyId], second)
    if (rotated.code !== 0) throw new Error(`the secret of ${provider} was not rotated`)
    await terminal(['connections', 'show', connectionId, '--company', companyId, '--json'])
    // During the rotation both verify.
    connections.push({ provider, connectionId, secret: second }, { provider, connectionId, secret: first })
  }
  return { connections, canaries }
}

/** A connection's secret in every writing; the key of Standard Webhooks is base64 behind its prefix. */
export function canariesOf(name: string, secret: string): Canary[] {
  const key = /^whsec_([\w+/]{43}=)$/.exec(secret)?.[1]
  return key === undefined ? textCanaries(name, secret) : base64Canaries(name, key)
}
