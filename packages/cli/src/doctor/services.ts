import { AttributionServiceDefinition, OperationsServiceDefinition, QuarantineReason } from '@frontdesk/contracts'
import type { CliContext } from '../context.ts'
import { findDevFile } from '../dev-file.ts'
import { withService } from '../rpc.ts'
import { busServiceNames, findIngressUrl, type ServiceName } from '../targets.ts'
import { fail, looking, ok, warn, type Finding } from './finding.ts'
import { skewFinding } from './skew.ts'

interface Flags {
  readonly token?: string | undefined
  readonly ingress?: string | undefined
}

/** Waiting so long is no longer the broker's short breath. */
const oldUnpublishedSeconds = 30
const publishing: ReadonlySet<string> = new Set(busServiceNames)

/** Every service: its RPC, with it the token, what it has not published, its dead letters; and whether it is ready. */
export async function checkServices(context: CliContext, flags: Flags): Promise<Finding[]> {
  const admin = (await findDevFile(context.cwd))?.adminUrls ?? {}
  const found = await Promise.all([
    ...busServiceNames.map((service) => looking(`rpc of ${service}`, 'Start it.', () => operations(context, service, flags))),
    ...Object.entries(admin).map(([service, url]) => looking(`readiness of ${service}`, 'Start it.', () => readiness(service, url))),
    looking('quarantine', 'Start company-resolver.', () => quarantine(context, flags)),
    looking('ingress', 'Start webhook-ingress, or pass --ingress.', () => ingress(context, flags)),
  ])
  return found.flat()
}

async function operations(context: CliContext, service: ServiceName, { token }: Flags): Promise<Finding[]> {
  const { counts, unpublished } = await withService(context, service, OperationsServiceDefinition, { token }, (client) =>
    client.getConservation({}),
  )
  const dead = counts['dead'] ?? 0n
  return [
    ok(`rpc of ${service}`, 'answers, and takes the token'),
    unpublished === 0n
      ? ok(`outbox of ${service}`, 'all is published')
      : warn(
          `outbox of ${service}`,
          `${unpublished} events are not published yet`,
          'Is NATS up? The sweeper publishes what is left within seconds',
        ),
    ...(dead === 0n ? [] : [warn(`dead letters of ${service}`, `${dead}`, `pnpm frontdesk deadletters list --service ${service}`)]),
  ]
}

/** Readiness covers MySQL. */
async function readiness(service: string, url: string): Promise<Finding[]> {
  const check = `readiness of ${service}`
  const [ready, metrics] = await Promise.all([get(`${url}/readyz`), get(`${url}/metrics`)])
  const report = await ready.text()
  const age = oldestUnpublishedSeconds(await metrics.text())
  return [
    ready.ok ? ok(check, report.slice(0, 120)) : fail(check, report.slice(0, 200), `Look at the log of ${service}, and whether MySQL runs`),
    ...(age === undefined && publishing.has(service)
      ? [
          warn(
            `outbox of ${service}`,
            'its metrics do not tell how long events wait',
            `Is ${service} of this version? Look at ${url}/metrics`,
          ),
        ]
      : []),
    ...(age !== undefined && age > oldUnpublishedSeconds
      ? [
          fail(
            `outbox of ${service}`,
            `an event waits for the broker since ${Math.round(age)} s`,
            `Is NATS up? Look at the log of ${service}`,
          ),
        ]
      : []),
  ]
}

/** Undefined if the page does not have it. */
function oldestUnpublishedSeconds(metrics: string): number | undefined {
  const text = /^frontdesk_outbox_oldest_unpublished_age_seconds(?:\{[^}]*\})? (\S+)$/m.exec(metrics)?.[1]
  return text === undefined ? undefined : Number(text)
}

async function quarantine(context: CliContext, { token }: Flags): Promise<Finding[]> {
  const { attributions, nextPageToken } = await withService(
    context,
    'company-resolver',
    AttributionServiceDefinition,
    { token },
    (client) => client.listQuarantine({ reason: QuarantineReason.UNSPECIFIED, pageSize: 200, pageToken: '' }),
  )
  if (attributions.length === 0) return [ok('quarantine', 'empty')]
  const count = `${attributions.length}${nextPageToken ? ' and more' : ''}`
  return [warn('quarantine', `${count} events wait for a person`, 'pnpm frontdesk quarantine list')]
}

/** The door for webhooks, and its clock: signatures with a time are refused when that is off. */
async function ingress(context: CliContext, flags: Flags): Promise<Finding[]> {
  const { value } = await findIngressUrl(context, flags.ingress)
  const beforeMs = context.now().getTime()
  const response = await get(value)
  await response.body?.cancel()
  const theirsMs = Date.parse(response.headers.get('date') ?? '')
  // HTTP tells whole seconds.
  return [ok('ingress', `${value} answers`), skewFinding('clock of ingress', theirsMs, beforeMs, context.now().getTime(), 1_000)]
}

async function get(url: string): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(3_000) })
  } catch (cause) {
    throw new Error(`${url} does not answer`, { cause })
  }
}
