import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CommandError } from './errors.ts'

/** What the CLI reads of `.frontdesk/dev.json`, which `./scripts/dev` writes. */
export interface DevFile {
  readonly path: string
  readonly natsUrl: string | undefined
  /** Where messaging serves MCP. */
  readonly mcpUrl: string | undefined
  readonly operatorToken: string | undefined
  /** `host:port` by service. */
  readonly rpc: Readonly<Record<string, unknown>>
  /** Where the webhook-ingress takes webhooks. */
  readonly ingressUrl: string | undefined
  /** The admin servers by service. */
  readonly adminUrls: Readonly<Record<string, string>>
  /** The secret by which each provider signs for all companies. */
  readonly platformSecrets: Readonly<Record<string, string | undefined>>
  readonly companies: readonly DevCompany[]
}

/** A company of the development stack, and what the providers know of it. */
export interface DevCompany {
  readonly id: string
  readonly name: string
  readonly phoneNumber: string | undefined
  readonly agentId: string | undefined
  readonly eventTypeId: number | undefined
  readonly organizerEmail: string | undefined
  readonly whatsapp: { readonly wabaId: string; readonly phoneNumberId: string } | undefined
  readonly stripeCustomerId: string | undefined
  /** Its connection with a provider, and the secret of that. */
  connection(provider: string): { readonly connectionId: string; readonly secret: string } | undefined
}

/**
 * Finds the nearest `.frontdesk/dev.json`, from the directory upward; undefined if there is none.
 * @throws CommandError if it can't be read.
 */
export async function findDevFile(directory: string): Promise<DevFile | undefined> {
  const path = join(directory, '.frontdesk', 'dev.json')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new CommandError(`${path} can not be read: ${error.message}`, { cause: error })
  })
  if (text !== undefined) return parse(path, text)
  const parent = dirname(directory)
  return parent === directory ? undefined : findDevFile(parent)
}

function parse(path: string, text: string): DevFile {
  const content = record(parseJson(path, text))
  return {
    path,
    natsUrl: string(record(content['nats'])['url']),
    mcpUrl: string(record(content['mcp'])['url']),
    operatorToken: string(content['operatorToken']),
    rpc: record(content['rpc']),
    ingressUrl: string(record(content['ingress'])['url']),
    adminUrls: texts({ 'webhook-ingress': record(content['ingress'])['adminUrl'], ...record(content['admin']) }),
    platformSecrets: Object.fromEntries(
      Object.entries(record(content['providers'])).map(([provider, settings]) => [provider, secretOf(record(settings))]),
    ),
    companies: list(content['companies']).flatMap((each) => companyOf(record(each)) ?? []),
  }
}

/** Each provider calls it by another name. */
function secretOf(settings: Record<string, unknown>): string | undefined {
  return string(settings['apiKey'] ?? settings['webhookSecret'] ?? settings['appSecret'])
}

function companyOf(content: Record<string, unknown>): DevCompany | undefined {
  const [id, name] = [string(content['id']), string(content['name'])]
  if (id === undefined || name === undefined) return undefined
  const [calcom, whatsapp] = [record(content['calcom']), record(content['whatsapp'])]
  const [wabaId, phoneNumberId] = [string(whatsapp['wabaId']), string(whatsapp['phoneNumberId'])]
  const [eventTypeId] = list(calcom['eventTypeIds'])
  return {
    id,
    name,
    phoneNumber: string(list(content['phoneNumbers'])[0]),
    agentId: string(list(content['retellAgentIds'])[0]),
    eventTypeId: typeof eventTypeId === 'number' ? eventTypeId : undefined,
    organizerEmail: string(calcom['organizerEmail']),
    whatsapp: wabaId !== undefined && phoneNumberId !== undefined ? { wabaId, phoneNumberId } : undefined,
    stripeCustomerId: string(record(content['stripe'])['customerId']),
    connection(provider) {
      const settings = Object.hasOwn(content, provider) ? record(content[provider]) : {}
      const [connectionId, secret] = [string(settings['connectionId']), string(settings['secret'])]
      return connectionId !== undefined && secret !== undefined ? { connectionId, secret } : undefined
    },
  }
}

// JSON.parse quotes the text around a mistake, and the file holds secrets.
function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError(`${path} is not JSON.`, { hint: 'Start ./scripts/dev again: it writes the file anew.' })
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

/** Those of the members that are texts. */
function texts(members: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
