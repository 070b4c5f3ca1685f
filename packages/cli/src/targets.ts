import type { CliContext } from './context.ts'
import { findDevFile } from './dev-file.ts'
import { UsageError } from './errors.ts'

/** The services that answer RPCs. */
export const serviceNames = ['webhook-ingress', 'company-resolver', 'booking'] as const

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

/** The operator's token, in the same order. */
export async function findToken(context: CliContext, flag: string | undefined): Promise<Found> {
  return find(context, 'a caller token', { flag: '--token', given: flag, variable: 'FRONTDESK_TOKEN' }, (dev) => dev.operatorToken)
}

/** The broker's URL, in the same order. */
export async function findNatsUrl(context: CliContext, flag: string | undefined): Promise<Found> {
  return find(context, 'the URL of NATS', { flag: '--nats', given: flag, variable: 'NATS_URL' }, (dev) => dev.natsUrl)
}

interface Source {
  readonly flag: string
  readonly given: string | undefined
  readonly variable: string
}

type DevFile = NonNullable<Awaited<ReturnType<typeof findDevFile>>>

async function find(context: CliContext, what: string, source: Source, inDevFile: (dev: DevFile) => unknown): Promise<Found> {
  if (source.given !== undefined) return { value: source.given, from: source.flag }
  const inEnvironment = context.env[source.variable]
  if (inEnvironment) return { value: inEnvironment, from: source.variable }
  const dev = await findDevFile(context.cwd)
  const value = dev && inDevFile(dev)
  if (dev && typeof value === 'string') return { value, from: dev.path }
  throw new UsageError(
    `Missing ${what}: pass ${source.flag}, set ${source.variable}, or start ./scripts/dev, whose .frontdesk/dev.json has it.`,
  )
}
