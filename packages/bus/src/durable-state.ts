import type { DurableSpec } from '@frontdesk/contracts'
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream'
import type { ConsumerConfig } from '@nats-io/jetstream'
import type { Bus } from './bus.ts'
import { differencesOf, durableConfig, isTolerable } from './desired-config.ts'
import { filterPattern } from './subjects.ts'

/** How far a durable of ours has come, next to its stream. */
export interface DurableState {
  /** The stream sequence up to which all is settled, as the durable believes. */
  readonly ackFloor: number
  /** The highest stream sequence that it believes to have delivered. */
  readonly delivered: number
  readonly lastSequence: number
  /** Whether it takes the subject. */
  readonly takes: (subject: string) => boolean
  /** The settings that an operator may have given it. */
  readonly limits: Partial<ConsumerConfig>
}

/** A durable as the broker has it; `missing` if it has none, `different` if it has not the meaning that the contracts give it. */
export async function inspectDurable(bus: Bus, spec: DurableSpec): Promise<DurableState | 'missing' | 'different'> {
  const manager = await bus.manager()
  try {
    // The durable first: its stream, asked later, can only be further.
    const { config, ack_floor: ackFloor, delivered } = await manager.consumers.info(spec.stream, spec.name)
    if (!differencesOf(config, durableConfig(spec)).every(isTolerable)) return 'different'
    const { state } = await manager.streams.info(spec.stream)
    const patterns = spec.filterSubjects.map(filterPattern)
    return {
      ackFloor: ackFloor.stream_seq,
      delivered: delivered.stream_seq,
      lastSequence: state.last_seq,
      takes: (subject) => patterns.some((pattern) => pattern.test(subject)),
      limits: {
        ...(config.ack_wait !== undefined && { ack_wait: config.ack_wait }),
        ...(config.max_ack_pending !== undefined && { max_ack_pending: config.max_ack_pending }),
      },
    }
  } catch (error) {
    if (error instanceof JetStreamApiError && missing.has(error.code)) return 'missing'
    throw error
  }
}

const missing: ReadonlySet<number> = new Set([JetStreamApiCodes.StreamNotFound, JetStreamApiCodes.ConsumerNotFound])

/** Makes a durable anew, from the stream's first message on, with the limits that an operator gave it; one that is missing as the contracts have it. */
export async function recreateDurable(bus: Bus, spec: DurableSpec, state: DurableState | 'missing'): Promise<void> {
  const manager = await bus.manager()
  const config = durableConfig(spec)
  if (state === 'missing') {
    await manager.consumers.add(spec.stream, config)
    return
  }
  await manager.consumers.delete(spec.stream, spec.name)
  await manager.consumers.add(spec.stream, { ...config, ...state.limits })
}
