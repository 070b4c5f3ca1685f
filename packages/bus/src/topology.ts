import { durables, streams } from '@frontdesk/contracts'
import type { DurableSpec, StreamSpec } from '@frontdesk/contracts'
import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import type { Bus } from './bus.ts'
import { differencesOf, durableConfig, isTolerable, isUpdatable, streamConfig } from './desired-config.ts'
import type { Difference } from './desired-config.ts'
import { undefinedIfMissing } from './not-found.ts'

/** What `applyStreams` did to a stream or a durable, or would do; what is `incompatible` can't be changed in place and is left alone. */
export interface Change {
  readonly kind: 'created' | 'updated' | 'incompatible'
  readonly resource: 'stream' | 'durable'
  /** `STREAM`, or `STREAM/durable`. */
  readonly name: string
  readonly differences: readonly Difference[]
}

/** A stream or durable that a service can't work with as it is. */
export interface Incompatibility {
  readonly resource: 'stream' | 'durable'
  /** `STREAM`, or `STREAM/durable`. */
  readonly name: string
  readonly problem: 'missing' | 'different'
  readonly differences: readonly Difference[]
}

/** Who can have needs of the topology. */
export type Service = DurableSpec['service'] | 'webhook-ingress'

/** One stream or durable of the contracts, and what one does with it. */
interface Resource {
  readonly resource: 'stream' | 'durable'
  readonly name: string
  readonly wanted: Partial<StreamConfig> | Partial<ConsumerConfig>
  find(manager: JetStreamManager): Promise<Partial<StreamConfig> | Partial<ConsumerConfig>>
  create(manager: JetStreamManager): Promise<unknown>
  update(manager: JetStreamManager): Promise<unknown>
}

/**
 * Makes the broker's streams and durables those of the contracts, and tells what it changed: nothing at the second time.
 * @throws FrontdeskError `unavailable` without a broker; Error if the broker refuses a change.
 */
export async function applyStreams(bus: Bus, { dryRun = false }: { dryRun?: boolean } = {}): Promise<Change[]> {
  const manager = await bus.manager()
  // Durables need their stream.
  const ofStreams = await Promise.all(streams.map((spec) => apply(manager, streamResource(spec), dryRun)))
  const ofDurables = await Promise.all(durables.map((spec) => apply(manager, durableResource(spec), dryRun)))
  return [...ofStreams, ...ofDurables].filter((change) => change !== undefined)
}

/**
 * What of the broker's topology the service can't work with, changing nothing; a mere difference in limits is no such thing.
 * @throws FrontdeskError `unavailable` without a broker.
 */
export async function checkTopology(bus: Bus, service: Service): Promise<Incompatibility[]> {
  const manager = await bus.manager()
  const resources = [...streams.map(streamResource), ...durables.filter((spec) => spec.service === service).map(durableResource)]
  const found = await Promise.all(resources.map((resource) => check(manager, resource)))
  return found.filter((incompatibility) => incompatibility !== undefined)
}

async function apply(manager: JetStreamManager, target: Resource, dryRun: boolean): Promise<Change | undefined> {
  const { resource, name } = target
  const differences = await compare(manager, target)
  if (differences === undefined) {
    if (!dryRun) await target.create(manager)
    return { kind: 'created', resource, name, differences: [] }
  }
  if (differences.length === 0) return undefined
  if (!differences.every(isUpdatable)) return { kind: 'incompatible', resource, name, differences }
  if (!dryRun) await target.update(manager)
  return { kind: 'updated', resource, name, differences }
}

async function check(manager: JetStreamManager, target: Resource): Promise<Incompatibility | undefined> {
  const { resource, name } = target
  const found = await compare(manager, target)
  if (found === undefined) return { resource, name, problem: 'missing', differences: [] }
  const differences = found.filter((difference) => !isTolerable(difference))
  return differences.length > 0 ? { resource, name, problem: 'different', differences } : undefined
}

/** Undefined if there is no such stream or durable. */
async function compare(manager: JetStreamManager, target: Resource): Promise<Difference[] | undefined> {
  const found = await undefinedIfMissing(target.find(manager))
  return found && differencesOf(found, target.wanted)
}

function streamResource(spec: StreamSpec): Resource {
  const wanted = streamConfig(spec)
  return {
    resource: 'stream',
    name: spec.name,
    wanted,
    find: async (manager) => (await manager.streams.info(spec.name)).config,
    create: (manager) => manager.streams.add(wanted),
    update: (manager) => manager.streams.update(spec.name, wanted),
  }
}

function durableResource(spec: DurableSpec): Resource {
  const wanted = durableConfig(spec)
  return {
    resource: 'durable',
    name: `${spec.stream}/${spec.name}`,
    wanted,
    find: async (manager) => (await manager.consumers.info(spec.stream, spec.name)).config,
    create: (manager) => manager.consumers.add(spec.stream, wanted),
    // A durable made with one filter keeps it in another field, which must not stand beside the list.
    update: (manager) => manager.consumers.update(spec.stream, spec.name, { ...wanted, filter_subject: '' }),
  }
}
