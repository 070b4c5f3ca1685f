import { brokerVersion, checkTopology, type Bus } from '@frontdesk/bus'
import { durables, streams } from '@frontdesk/contracts'
import type { CliContext } from '../context.ts'
import { withBus } from '../nats.ts'
import { busServiceNames } from '../targets.ts'
import { fail, looking, ok, warn, type Finding } from './finding.ts'
import { skewFinding } from './skew.ts'

type Manager = Awaited<ReturnType<Bus['manager']>>

const nearlyFull = 0.9
/** A consumer that has something to do and did nothing for so long is stuck. */
const stuckAfterMs = 60_000

/** The broker, its streams and its durables. */
export function checkBroker(context: CliContext, flag: string | undefined): Promise<Finding[]> {
  return looking('nats', 'Start nats-server, or pass --nats.', () =>
    withBus(context, flag, async (bus) => {
      const manager = await bus.manager()
      const version = brokerVersion(bus) ?? 'unknown'
      const found = await Promise.all([
        looking('topology', 'pnpm frontdesk streams apply', () => topology(bus)),
        looking('jetstream', 'Is JetStream on?', () => storage(manager)),
        looking('clock of nats', 'pnpm frontdesk streams apply', () => clock(context, manager)),
        ...durables.map(({ stream, name }) =>
          looking(`consumer ${stream}/${name}`, 'pnpm frontdesk streams apply', () => checkDurable(context, manager, stream, name)),
        ),
      ])
      return [ok('nats', `connected, version ${version}`), ...found.flat()]
    }),
  )
}

async function topology(bus: Bus): Promise<Finding[]> {
  const problems = (await Promise.all(busServiceNames.map((service) => checkTopology(bus, service)))).flat()
  if (problems.length === 0) return [ok('topology', 'every service finds what it needs')]
  const names = [...new Set(problems.map(({ name, problem }) => `${name} (${problem})`))].join(', ')
  return [fail('topology', `the services can not work with ${names}`, 'pnpm frontdesk streams apply')]
}

async function storage(manager: Manager): Promise<Finding[]> {
  const account = await manager.getAccountInfo()
  const limit = account.limits.max_storage
  const infos = await Promise.all(streams.map(({ name }) => manager.streams.info(name)))
  const full = infos.filter(({ state, config }) => config.max_bytes > 0 && state.bytes > nearlyFull * config.max_bytes)
  const findings = full.map(({ config, state }) =>
    warn(
      `stream ${config.name}`,
      `${mib(state.bytes)} of ${mib(config.max_bytes)}: what is oldest goes before its time`,
      'Look for a consumer that lags, or raise maxBytes in the contracts and run pnpm frontdesk streams apply',
    ),
  )
  if (limit > 0 && account.storage > nearlyFull * limit) {
    findings.push(fail('jetstream', `${mib(account.storage)} of ${mib(limit)} are used`, 'Raise max_file_store, or the disk’s size'))
  }
  return findings.length > 0
    ? findings
    : [ok('jetstream', `${mib(account.storage)} used of ${limit > 0 ? mib(limit) : 'what the server has'}`)]
}

/** What the durable needs of the broker's management interface. */
interface Asked {
  readonly consumers: Pick<Manager['consumers'], 'info'>
  readonly streams: Pick<Manager['streams'], 'info'>
}

export async function checkDurable(context: Pick<CliContext, 'now'>, manager: Asked, stream: string, name: string): Promise<Finding[]> {
  const check = `consumer ${stream}/${name}`
  // The durable first: its stream, asked later, can only be further.
  const info = await manager.consumers.info(stream, name)
  const { state } = await manager.streams.info(stream)
  const { num_pending: pending, num_ack_pending: unsettled, num_waiting: pulls, ack_floor: floor, config, delivered } = info
  if (floor.stream_seq > state.last_seq) {
    return [
      fail(
        check,
        `it stands at ${floor.stream_seq}, past the stream’s end ${state.last_seq}: the broker lost data`,
        'Its service makes it anew within a minute; if it does not, look at its log',
      ),
    ]
  }
  const todo = `${pending} to deliver, ${unsettled} unsettled`
  if (unsettled > 0 && unsettled === config.max_ack_pending) {
    return [fail(check, `${todo}: as many as may be, so that nothing more is delivered`, `Look at the log of ${name}`)]
  }
  const lastMs = Math.max(
    ...[delivered.last_active, floor.last_active].map((at) => (at ? Date.parse(String(at)) : 0)),
    Date.parse(info.created),
  )
  const idleMs = context.now().getTime() - lastMs
  if (pending + unsettled > 0 && idleMs > stuckAfterMs) {
    return [
      fail(
        check,
        `${todo}, and nothing done for ${Math.round(idleMs / 1_000)} s`,
        pulls === 0 ? 'Start its service: nobody pulls' : `Look at the log of ${name}`,
      ),
    ]
  }
  return pulls === 0 && pending > 0 ? [warn(check, `${todo}, and nobody pulls`, 'Start its service')] : [ok(check, todo)]
}

async function clock(context: CliContext, manager: Manager): Promise<Finding[]> {
  const before = context.now().getTime()
  const { ts } = await manager.streams.info(streams[0].name)
  return [skewFinding('clock of nats', Date.parse(ts ?? ''), before, context.now().getTime(), 0)]
}

function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}
