import type { CliContext } from './context.ts'
import { findDevFile } from './dev-file.ts'
import { UsageError } from './errors.ts'
import { readSession, type SavedSession } from './session-file.ts'

/** The services that use the bus. */
export const busServiceNames = ['webhook-ingress', 'company-resolver', 'booking'] as const

/** The services that answer RPCs. */
const serviceNames = [...busServiceNames, 'identity', 'messaging', 'billing'] as const

/** A service by its name, as tokens and `.frontdesk/dev.json` have it. */
export type ServiceName = (typeof serviceNames)[number]

/** A setting, and where it was found. */
export interface Found {
  readonly value: string
  readonly from: string
}

/** The variable that holds a service's address, such as FRONTDESK_COMPANY_RESOLVER_ADDRESS. */
function addressVariable(service: ServiceName): string {
  return `FRONTDESK_${service.toUpperCase().replaceAll('-', '_')}_ADDRESS`
}

/** The `host:port` of a service: from the flag, the environment, or dev.json. */
export async function findAddress(context: CliContext, service: ServiceName, flag: string | undefined): Promise<Found> {
  return find(
    context,
    `the address of ${service}`,
    { flag: '--address', given: flag, variable: addressVariable(service) },
    (dev) => dev.rpc[service],
  )
}

/** The operator's token: from the flag, the environment, the login (`exchange` makes a token of it), or dev.json. */
export async function findToken(
  context: CliContext,
  flag: string | undefined,
  exchange: (session: SavedSession) => Promise<string>,
): Promise<Found> {
  const source = { flag: '--token', given: flag, variable: 'FRONTDESK_TOKEN' }
  if (flag === undefined && !context.env[source.variable]) {
    const session = await readSession(context)
    const dev = session && (await findDevFile(context.cwd))
    // A development stack has its own token; a login somewhere else is none of its business.
    if (session && (!dev || dev.rpc['identity'] === session.identityAddress)) {
      return { value: await exchange(session), from: `the login at ${session.identityAddress}` }
    }
  }
  return find(context, 'a caller token', source, (dev) => dev.operatorToken, ', run `frontdesk login`')
}

/** The broker's URL, in the same order. */
export async function findNatsUrl(context: CliContext, flag: string | undefined): Promise<Found> {
  return find(context, 'the URL of NATS', { flag: '--nats', given: flag, variable: 'NATS_URL' }, (dev) => dev.natsUrl)
}

/** Where messaging serves MCP, in the same order. */
export async function findMcpUrl(context: CliContext, flag: string | undefined): Promise<Found> {
  return find(
    context,
    'the URL of messaging’s MCP server',
    { flag: '--url', given: flag, variable: 'FRONTDESK_MCP_URL' },
    (dev) => dev.mcpUrl,
  )
}

interface Source {
  readonly flag: string
  readonly given: string | undefined
  readonly variable: string
}

type DevFile = NonNullable<Awaited<ReturnType<typeof findDevFile>>>

async function find(
  context: CliContext,
  what: string,
  source: Source,
  inDevFile: (dev: DevFile) => unknown,
  otherwise = '',
): Promise<Found> {
  if (source.given !== undefined) return { value: source.given, from: source.flag }
  const inEnvironment = context.env[source.variable]
  if (inEnvironment) return { value: inEnvironment, from: source.variable }
  const dev = await findDevFile(context.cwd)
  const value = dev && inDevFile(dev)
  if (dev && typeof value === 'string') return { value, from: dev.path }
  throw new UsageError(
    `Missing ${what}: pass ${source.flag}, set ${source.variable}${otherwise}, or start ./scripts/dev, whose .frontdesk/dev.json has it.`,
  )
}
